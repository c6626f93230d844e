"""The core: arrays, Keras and NumPy. Never imports streamlit or plotly. README.md names its wings in their order."""

__version__ = "0.7"  # the newest entry of the changelog in README.md
