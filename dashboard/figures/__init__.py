"""Data in, Plotly figure out; no Streamlit, no globals."""
