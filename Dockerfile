# The report in a container: docker build -t report . && docker run --read-only --tmpfs /tmp -p 8501:8501 report
FROM python:3.12-slim

ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 HOME=/home/report
RUN useradd --create-home --uid 1000 report
WORKDIR /home/report/app
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
COPY app.py .
COPY pages pages
COPY store store
COPY compute/__init__.py compute/__init__.py
COPY compute/core compute/core
COPY .streamlit .streamlit
# store/ belongs to root: the first visit builds the store below the cache folder, in seconds
ENV XDG_CACHE_HOME=/tmp/cache
USER report
EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8501/_stcore/health', timeout=4)"]
CMD ["python", "-m", "streamlit", "run", "app.py", "--server.address=0.0.0.0", "--server.headless=true", "--server.fileWatcherType=none"]
