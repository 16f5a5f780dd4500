"""Forkable Pulumi components for serving open-weight models from Amazon EKS.

Copy this folder into another program and import a class from the module named after it, for example
``from components.vpc import Vpc``. Nothing here imports anything else of this project.
"""
