"""Kubernetes objects as a strict API server judges them, without one."""
