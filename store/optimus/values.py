"""The queries of Problem 4 that answers quote, each with the columns that tell its rows apart."""

from collections.abc import Callable
from functools import wraps

import pandas as pd

from store.optimus import epochs, losses, plans, predictions, published, regressions, trainings
from store.quotes import Quotable, quotables
from store.reader import Reader

Query = Callable[[Reader], pd.DataFrame]


def current(query: Query) -> Query:
    """The query without rows where fits, prediction or plan are older than the trainings that the report shows."""

    @wraps(query)
    def checked(reader: Reader) -> pd.DataFrame:
        return query(reader) if trainings.up_to_date(reader) else pd.DataFrame()

    return checked


QUOTABLE = quotables(
    Quotable(query=predictions.asked),
    Quotable(query=current(trainings.training_summary)),
    Quotable(query=current(trainings.state)),
    Quotable(query=current(trainings.ends_by_depth), keys=("depth",)),
    Quotable(query=current(losses.fit_summary)),
    Quotable(query=current(losses.fits_by_depth), keys=("depth",)),
    Quotable(query=losses.replicas),
    Quotable(query=current(losses.forecast_quality), keys=("method", "drops")),
    Quotable(query=current(regressions.effects_summary)),
    Quotable(query=regressions.compared_effects),
    Quotable(query=current(regressions.mean_coefficients), keys=("parameter", "segment", "depth")),
    Quotable(query=current(predictions.agreement)),
    Quotable(query=current(epochs.target_errors)),
    Quotable(query=current(epochs.asked_epochs), keys=("accuracy",)),
    Quotable(query=current(epochs.schedule_summary)),
    Quotable(query=published.same_epochs, keys=("network",)),
    Quotable(query=published.hours_by_device, keys=("network", "device")),
    Quotable(query=current(plans.plan_summary)),
    Quotable(query=current(plans.paper_plans), keys=("speed_model", "servers", "at")),
    Quotable(query=current(plans.best_gpu_plan)),
    Quotable(query=current(plans.balance), keys=("servers",)),
)
