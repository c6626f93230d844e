"""The web page: Streamlit and Plotly, no mathematics, never Keras in its process."""
