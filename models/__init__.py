"""The core: arrays, Keras and NumPy. Never imports streamlit or plotly."""
