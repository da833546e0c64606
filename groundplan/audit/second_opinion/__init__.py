"""Second opinions: auditors that share no code with our policies look at the same estate.

`second_opinion` takes a Pulumi state and our verdicts and returns a `Report`.
"""

from groundplan.audit.second_opinion.agreement import Outcome, Verdict
from groundplan.audit.second_opinion.opinion import Opinion
from groundplan.audit.second_opinion.report import Report, second_opinion

__all__ = ["Opinion", "Outcome", "Report", "Verdict", "second_opinion"]
