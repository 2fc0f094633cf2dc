r"""Which macros the paper's text may use: the one list of them, and the module that writes each.

In a stem or a tail, ``<Run>`` and so on stand for each name of that kind in camel case (``noise_01`` ->
NoiseZeroOne), see `KINDS`. ``Name~`` is an estimate, which is four macros: ``\Name`` = value [low, high],
``\NameValue``, ``\NameLow`` and ``\NameHigh``. ``*`` is what the names in a table say.
"""

from typing import Final, NamedTuple, get_args

from ickrr.config.claim_terms import OfSolver
from ickrr.config.summaries import SUMMARIES
from ickrr.report.formatting import camel_case


class Group(NamedTuple):
    """Macros that are written together.

    Attributes:
        module: module of `ickrr.report.numbers` that writes them.
        what: what they are.
        stem: how their names begin.
        tails: how they go on, separated by spaces.
    """

    module: str
    what: str
    stem: str
    tails: str


KINDS: Final = {
    "Run": "a run",
    "Compared": "a run that is compared with the solvers",
    "WithErrors": "a run of which a figure or table shows the table errors",
    "WithNoise": "a run of which a figure or table shows the table noise",
    "Identified": "a run of which a figure or table shows the table attribution",
    "Followed": "a run of which a figure or table shows the table snapshot_attribution",
    "Uneven": "a run of which a figure or table shows the table uneven",
    "Tried": "a run of which a figure or table shows the table trials",
    "TriedBuilt": "one of them for whose task a model is built by hand",
    "Replaced": "a run of which a figure or table shows the table restored",
    "Linear": "a run of which a figure or table shows the table linearity",
    "Needing": "a run of which a figure or table shows the table degree",
    "Probed": "a run of which a figure or table shows the table probes",
    "Measured": "a run of operators.runs",
    "Anchor": "the run operators.anchor, or another with a linear kernel",
    "Solver": "a solver of solvers.headline or solvers.others",
    "Headline": "a solver of solvers.headline",
    "Control": "a control of constructions.controls",
    "Ridge": "a ridge of constructions.verification.ridges",
    "Law": "a law of constructions.contraction.laws",
    "Claim": "a claim of claims.yaml",
}
"""What each kind of name is."""

ANCHOR: Final = " ".join(
    f"{camel_case(name)}{setting}"
    for name, quantity in SUMMARIES["metarep/anchor"].items()
    for setting in ([f"{camel_case(one)}~" for one in quantity.settings.words] or ["*"])
)
"""All rows of the table ``metarep/anchor``, as `ickrr.report.numbers.operators` writes them."""

GROUPS: Final = (
    Group(
        "runs",
        "Settings that all runs share.",
        "",
        "SolverSteps Relaxation JacobiDamping BootstrapDraws ConfidencePercent ProbeRidge FitPrompts "
        "EvaluationPrompts ValidationPrompts ReportedContextLengths",
    ),
    Group(
        "runs",
        "Settings of a run.",
        "<Run>",
        "Law Dimension Lengthscale NoiseStd Ridge ContextLength Layers Width Heads Steps BatchSize "
        "SeedCount MuonRate AdamWRate WarmupSteps GradientClip",
    ),
    Group(
        "runs",
        "Learning curve, on the validation prompts, mean over n = 0..N. ExcessRisk: last point, mean over "
        "seeds; Range: from the smallest to the largest seed; Share: percent of the Bayes risk; seeds that "
        "have learned the task, and that diverged.",
        "<Run>",
        "BayesRisk InitialExcessRisk ExcessRisk ExcessRiskRange ExcessShare LearnedSeeds DivergedSeeds",
    ),
    Group(
        "runs",
        "Errors at n = N on the evaluation prompts: last layer's probe (Final), converged kernel ridge "
        "regression (Posterior), the model's own readout (Output); ExcessShare: percent of "
        "PosteriorMse; which solvers diverge where, as a clause.",
        "<WithErrors>",
        "FinalMse PosteriorMse FinalExcessRisk FinalExcessShare OutputExcessRisk OutputExcessShare "
        "DivergenceStatement",
    ),
    Group(
        "runs",
        "First step at which the MSE at n = N is at most the last layer's.",
        "<WithErrors><Solver>",
        "StepsToMatch",
    ),
    Group(
        "runs",
        "Similarity of the layers to a predictor of zero.",
        "<Compared>",
        "Floor~",
    ),
    Group(
        "runs",
        "Statistics of the alignment with a solver (CensoredShare in percent) and their standard "
        'deviations over seeds; TrendWord: "grows", "falls", "shows no clear trend", "has no defined '
        'trend".',
        "<Compared><Solver>",
        " ".join(f"{camel_case(name)}~ {camel_case(name)}SeedSd" for name in get_args(OfSolver))
        + " TrendWord",
    ),
    Group(
        "runs",
        "Which of the headline solvers is best by the rule of `ickrr.report.verdicts`, as clauses.",
        "<Compared>",
        "SimilarityOrder DistanceOrder",
    ),
    Group(
        "comparison",
        "Statistic of the first solver minus that of the second, mean over the layers that count; interval "
        "over prompts and seeds.",
        "<Compared><Headline>Against<Headline>",
        "Distance~ Similarity~",
    ),
    Group(
        "comparison",
        "Number of layers in which a solver is strictly best, and percent of them in which it leads.",
        "<Compared><Headline>",
        "DistanceLayersBest SimilarityLayersBest DistanceLeadShare~ SimilarityLeadShare~",
    ),
    Group(
        "comparison",
        "MSE at n = N over that of kernel ridge regression that knows the test noise, at the lowest "
        "factor, the nearest to one and the highest; ridge of the nearest ridge regression over that of "
        "training, and how often the first goes into the last of these.",
        "<WithNoise>",
        "NoiseLowestTransformer~ NoiseEqualTransformer~ NoiseHighestTransformer~ "
        "NoiseLowestEncodedOracle~ NoiseEqualEncodedOracle~ NoiseHighestEncodedOracle~ NoiseLowestRidge~ "
        "NoiseEqualRidge~ NoiseHighestRidge~ NoiseRidgeGrowth",
    ),
    Group(
        "comparison",
        "Factors of the training noise, and the growth of the ridge that they ask for.",
        "",
        "NoiseFactorLowest NoiseFactorHighest NoiseRidgeGrowthAsked",
    ),
    Group(
        "identification",
        "Settings of the identification; prompts on which the layers of runs are judged, and described; "
        "number of families, the first context length, noises of pseudo-layers, and the clustered law.",
        "",
        "IdentificationMargin FirstCountedLayer JudgedPrompts DescribedPrompts FamilyCount "
        "IdentificationFirstLength PseudoNoises ClusterShare ClusterSpread ClusterRadius",
    ),
    Group(
        "identification",
        "Over all laws of the inputs, if there is a table trials: how many there are, and of how many a "
        "closed form is the nearest family; layers that count, how many are named what, and after what, in "
        "words; pseudo-layers, of all families, of preconditioned Richardson and of ridge regression, and "
        "how many are named rightly and wrongly; predictors of no family, and how many are named after one.",
        "Judged",
        "Laws NearestClosedForm CountedLayers NamedPrCount NamedOtherCount NamedNoneCount "
        "NamedUndecidedCount NamedAfter PseudoLayers PseudoRight PseudoWrong PseudoPrLayers PseudoPrRight "
        "PseudoPrWrong PseudoRidgeLayers PseudoRidgeRight PseudoRidgeWrong StrangeCases StrangeNamed",
    ),
    Group(
        "identification",
        "Least and most that preconditioned Richardson adds to Richardson over all laws, and of which law.",
        "",
        "LeastAdded~ LeastAddedLaw MostAdded~ MostAddedLaw",
    ),
    Group(
        "identification",
        "Mean of what preconditioned Richardson adds to Richardson on the prompts with the most uneven row "
        "sums.",
        "<Uneven>",
        "UnevenAddedToRichardson~",
    ),
    Group(
        "identification",
        "Layers that count, of all seeds, how many are named preconditioned Richardson, after another "
        "family, none or undecided, and after what, in words; the nearest family, its distance and that of "
        "preconditioned Richardson; percent that it, Richardson or a closed form explains alone; mean of "
        "what preconditioned Richardson adds to Richardson and to ridge regression, and Richardson to it; "
        "the first of these in the first and the last layer that counts.",
        "<Identified>",
        "CountedLayers NamedPrCount NamedOtherCount NamedNoneCount NamedUndecidedCount NamedAfter "
        "NearestFamily NearestDistance PreconditionedDistance PreconditionedAlone~ RichardsonAlone~ "
        "ClosedFormAlone~ AddedToRichardson~ AddedToRidge~ AddedByRichardson~ AddedAtFirst AddedAtLast",
    ),
    Group(
        "identification",
        "Along the training: from which step on the task is learned, in words; the family that is nearest to "
        "the layers at the end, in words, and the step from which on it is; how many steps were looked at; "
        "what preconditioned Richardson adds to Richardson at its most, after which step, and at the end.",
        "<Followed>",
        "LearnedFrom NearestAtEnd NearestFrom FollowedSteps MostAddedAt MostAdded~ AddedAtEnd~",
    ),
    Group(
        "identification",
        "Pseudo-layers of known algorithms: how many there are, and are named rightly or wrongly; predictors "
        "of no family: how many there are, and are named after one.",
        "<Tried>",
        "PseudoLayers PseudoRight PseudoWrong StrangeCases StrangeNamed",
    ),
    Group(
        "identification",
        "Layers of a model that is built to run preconditioned Richardson, from the third step on: how many "
        "there are, are named rightly, wrongly, or not named; mean of what preconditioned Richardson adds to "
        "Richardson, and Richardson to it.",
        "<TriedBuilt>",
        "BuiltLayers BuiltRight BuiltWrong BuiltUnnamed BuiltAddedToRichardson BuiltAddedByRichardson",
    ),
    Group(
        "mechanism",
        "Heads like a kernel, of all seeds, and all heads. Share of what mean attention costs that is "
        "restored: by the kernel and the kernel of permuted points in heads like a kernel, by the kernel in "
        "as many others and in all others. What preconditioned Richardson adds to Richardson in the layers "
        "after one with such heads, as they are and with other attention in these heads.",
        "<Replaced>",
        "KernelHeads HeadCount RestoredByKernel~ RestoredByPermuted~ RestoredInOthers~ RestoredInRest~ "
        "LaterAddition LaterAdditionByKernel LaterAdditionByPermuted LaterAdditionByMean",
    ),
    Group(
        "mechanism",
        "Largest rotation over the layers that count, of the layers and of the nearest conjugate gradients.",
        "<Linear>",
        "Rotation ConjugateRotation",
    ),
    Group(
        "mechanism",
        "Needed degree minus the layer, mean over the first three layers; needed degree of the first and the "
        "last layer, mean over seeds.",
        "<Needing>",
        "DegreeLead~ FirstDegree LastDegree",
    ),
    Group(
        "mechanism",
        "Needed degrees of the last layers, from the least to the most, and the chosen probes, in words.",
        "",
        "LastDegrees ChosenProbes",
    ),
    Group(
        "mechanism",
        "Excess risk of the last layer through the default probe and the chosen "
        "one, and of the model's own readout; numbers of the alignment, and how many of them the choice "
        "moves out of their interval; layers that count through the chosen probe, and how many of them are "
        "named preconditioned Richardson or none.",
        "<Probed>",
        "DefaultProbeRisk ChosenProbeRisk OwnReadoutRisk ProbedNumbers MovedNumbers ChosenProbeLayers "
        "ChosenProbeNamedPrCount ChosenProbeNamedNoneCount",
    ),
    Group(
        "construction",
        "The verification grid, and the steps and widths of the models that were run.",
        "Construction",
        "Cells Verified TheoryOnly BeyondFloat Prompts WorstShare Verdict LeastSteps MostSteps LeastWidth "
        "MostWidth",
    ),
    Group(
        "construction",
        "Exponents of depth and width of one ridge.",
        "Rate<Ridge>",
        "*",
    ),
    Group(
        "construction",
        "Steps to a tenth of the Bayes risk on random prompts, at the ends of the grid of context lengths.",
        "Typical<Ridge>",
        "StepsShortest StepsLongest LengthShortest LengthLongest",
    ),
    Group(
        "construction",
        "The measured contraction factors.",
        "",
        "ContractionSpectra ShortestN LongestN ContractionVerdict PlainDivergenceSmall "
        "PlainDivergenceLarge ContractionLengthscale ContractionFixedRidge ContractionScaledRidge",
    ),
    Group(
        "construction",
        "Prompts of a law, at the middle lengthscale and one ridge of each scaling: medians of 1 - rho; "
        "at the fixed ridge percent of the prompts on which the gap's rate holds, and medians of 1 - that "
        "rate.",
        "",
        "FixedGap<Law>Shortest FixedGap<Law>Longest ScaledGap<Law>Shortest ScaledGap<Law>Longest "
        "GapShare<Law>Shortest GapShare<Law>Longest GapRate<Law>Shortest GapRate<Law>Longest",
    ),
    Group(
        "construction",
        "The controls of the comparison.",
        "Control<Control>",
        "StepError Layers LeastSimilarity Distance Slope Follows",
    ),
    Group(
        "construction",
        "Whether every control got the verdict that it must get.",
        "",
        "ControlsVerdict",
    ),
    Group(
        "conjugate",
        "Settings of the built conjugate gradients, their blocks, and where errors are cut.",
        "Cg",
        "Dimension ContextLength Prompts Steps SolverSteps Tolerance AtRest Blocks ReluBlocks ErrorCut "
        "WellKappa IllKappa WellRateShare IllRateShare",
    ),
    Group(
        "conjugate",
        "What a stack did on well- and ill-conditioned prompts.",
        "",
        "CgWellStepError CgWellTwinError CgWellLocalError CgWellDrift CgIllStepError CgIllTwinError "
        "CgIllLocalError CgIllDrift PcgWellStepError PcgWellTwinError PcgWellLocalError PcgWellDrift "
        "PcgIllStepError PcgIllTwinError PcgIllLocalError PcgIllDrift",
    ),
    Group(
        "conjugate",
        "Median steps until convergence; says so where the grid ended first.",
        "",
        "CgWellSteps CgIllSteps PcgWellSteps PcgIllSteps RichardsonWellSteps RichardsonIllSteps "
        "PreconditionedRichardsonWellSteps PreconditionedRichardsonIllSteps",
    ),
    Group(
        "conjugate",
        "The ReLU versions with the fewest and the most units.",
        "Relu",
        "UnitsFewest UnitsMost WellErrorFewest WellErrorMost IllErrorFewest IllErrorMost",
    ),
    Group(
        "conjugate",
        "Projections to fewer channels, for the smallest, the middle and the largest ridge.",
        "Projection",
        "Dimension ContextLength Seeds StackGap SmallRidge MiddleRidge LargeRidge SmallEffectiveDimension "
        "MiddleEffectiveDimension LargeEffectiveDimension SmallGaussianFall~ SmallGaussianError~ "
        "SmallEigenspaceFall~ SmallEigenspaceError~ MiddleGaussianFall~ MiddleGaussianError~ "
        "MiddleEigenspaceFall~ MiddleEigenspaceError~ LargeGaussianFall~ LargeGaussianError~ "
        "LargeEigenspaceFall~ LargeEigenspaceError~",
    ),
    Group(
        "operators",
        "Settings of the attention operators.",
        "",
        "OperatorFitPrompts OperatorPrompts OperatorDraws OperatorLaw",
    ),
    Group(
        "operators",
        "Quantities and settings of the table metarep/operators.",
        "<Measured>Operator",
        "*",
    ),
    Group(
        "operators",
        "Linear attention against steps of gradient descent.",
        "<Anchor>",
        ANCHOR,
    ),
    Group(
        "claims",
        "Verdict of a claim.",
        "Claim<Claim>",
        "Verdict",
    ),
    Group(
        "claims",
        "Number of claims, of all and of each verdict.",
        "Claim",
        "Count SupportedCount NotSupportedCount TiedCount UndecidedCount NotTestedCount",
    ),
    Group(
        "ledger",
        "Effect that decides a claim: value and interval of the first condition with the claim's verdict.",
        "Claim<Claim>",
        "Effect~",
    ),
    Group(
        "ledger",
        "Number of the sources' claims and of ours, and how many there are of each verdict, as a clause.",
        "",
        "SourceClaimCount SourceClaimVerdicts OwnClaimCount OwnClaimVerdicts",
    ),
    Group(
        "origin",
        "Where the results come from (latex/provenance.tex).",
        "",
        "ScaleName RepositoryPlace RepositoryCommit RunCommit RunDate RunDevice RunThreads RunMachine "
        "RunCount Version*",
    ),
)
"""Every macro."""
