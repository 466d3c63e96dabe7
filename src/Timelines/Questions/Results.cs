namespace Clientele.Timelines.Questions;

/// <summary>A line of a trend: what it shows, for one group.</summary>
/// <param name="Points">A number a period; null: there was nothing to measure.</param>
/// <param name="Total">Over the whole time; of customers, each once.</param>
public sealed record LineView(int Line, string? Event, Measure Measure, IReadOnlyList<string?> Group, decimal? Total, IReadOnlyList<decimal?> Points);

/// <summary>A step of a funnel.</summary>
/// <param name="Share">Of those who began, from 0 to 1.</param>
/// <param name="FromPrevious">Of those who came to the step it follows, from 0 to 1.</param>
/// <param name="Dropped">How many of those did not come here.</param>
public sealed record StepView(int Step, string? Event, bool Optional, long Customers, double? Share, double? FromPrevious, long Dropped, decimal? AverageSeconds, decimal? MedianSeconds);

/// <summary>A funnel of one group.</summary>
public sealed record FunnelView(IReadOnlyList<string?> Group, IReadOnlyList<StepView> Steps);

/// <summary>A cohort: who began in a period, and what became of them.</summary>
public sealed record CohortView(int Cohort, string Start, IReadOnlyList<string?> Group, long Size, IReadOnlyList<decimal> Values);

/// <summary>Customers by what they are in each period.</summary>
public sealed record LifecycleView(IReadOnlyList<long> New, IReadOnlyList<long> Returning, IReadOnlyList<long> Resurrected, IReadOnlyList<long> Dormant);

/// <summary>From one stop of a path to the next; <paramref name="To"/> null: the path ends.</summary>
public sealed record LinkView(int Step, string From, string? To, long Customers);

/// <summary>What was answered; the part of the question's kind is there.</summary>
/// <param name="Periods">Names of the periods: first days, or hours with their offset.</param>
/// <param name="Groups">How many groups there are; those with the most are shown, up to 200.</param>
public sealed record ResultView(
    IReadOnlyList<string>? Periods = null, IReadOnlyList<LineView>? Lines = null, IReadOnlyList<FunnelView>? Funnels = null, IReadOnlyList<CohortView>? Cohorts = null,
    LifecycleView? Lifecycle = null, IReadOnlyList<long>? ActivePeriods = null, IReadOnlyList<LinkView>? Links = null, long? Customers = null, int Groups = 1);

/// <summary>Who answers.</summary>
public enum Engine { Timelines, Sql }

/// <summary>An answer as the API gives it.</summary>
/// <param name="Reason">Why PostgreSQL answered although it was not asked to.</param>
/// <param name="Cached">It was known from before; the log has not moved since.</param>
/// <param name="Previous">For as many days before, when the question compares.</param>
public sealed record AnswerView(Engine Engine, string? Reason, bool Cached, double Milliseconds, ResultView Result, ResultView? Previous);

/// <summary>A question on its way.</summary>
/// <param name="State"><c>running</c>, <c>done</c>, <c>cancelled</c> or <c>failed</c>.</param>
/// <param name="Progress">The share that is done, from 0 to 1.</param>
public sealed record RunningView(Guid Id, string State, double Progress, AnswerView? Answer);
