"""The server: Streamlit's own, with its scripts compressed, its font of icons cut down, and the words of the app.

streamlit run dashboard/app.py
"""

import sys
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

ROOT = str(Path(__file__).resolve().parents[1])
if ROOT not in sys.path:  # `streamlit run` puts only dashboard/ on the path
    sys.path.insert(0, ROOT)

from dashboard.frame.compression import CompressedOnce
from dashboard.frame.fonts import SmallerFonts
from dashboard.frame.words import ROUTES

app = st.App("main.py", routes=ROUTES, middleware=[Middleware(SmallerFonts), Middleware(CompressedOnce)])
