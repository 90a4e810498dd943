"""LightGBM without the libraries that it merely offers to work with.

LightGBM imports pandas, scikit-learn and others where they are installed, to take their tables. Its
own image has none of them; in an environment that has, they would double the time in which an
endpoint starts. Import LightGBM from here alone.
"""

import sys

UNUSED = ("pandas", "sklearn", "pyarrow", "matplotlib", "dask", "graphviz", "datatable")

_loaded = {name: sys.modules[name] for name in UNUSED if name in sys.modules}
try:
    sys.modules.update(dict.fromkeys(UNUSED))  # type: ignore[arg-type]  # None: not to be found
    import lightgbm
finally:
    for _name in UNUSED:
        sys.modules.pop(_name, None)
    sys.modules.update(_loaded)

Booster = lightgbm.Booster
Dataset = lightgbm.Dataset
LightGBMError = lightgbm.basic.LightGBMError
train = lightgbm.train
version = str(lightgbm.__version__)
