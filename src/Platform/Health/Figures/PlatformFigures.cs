using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Clientele.Platform.Health.Figures;

/// <summary>
/// Counts and spans of the platform's own, beside those the framework and the database driver make. They are read by <c>/metrics</c>
/// and by OpenTelemetry, and cost next to nothing while nobody listens. Tags have few values: never an id, never a name somebody chose.
/// </summary>
public static class PlatformFigures
{
    /// <summary>Of the meter and of the source of spans.</summary>
    public const string Name = "Clientele";

    private static readonly Meter meter = new(Name);
    private static readonly Counter<long> jobRuns = meter.CreateCounter<long>("clientele.job.runs", "{run}", "Runs of jobs that ended.");
    private static readonly Histogram<double> jobDuration = meter.CreateHistogram<double>("clientele.job.duration", "s", "How long runs of jobs took.");
    private static readonly Counter<long> errors = meter.CreateCounter<long>("clientele.errors", "{error}", "Errors told to the error log.");
    private static readonly Counter<long> errorsDropped = meter.CreateCounter<long>("clientele.errors.dropped", "{error}", "Errors beyond what the error log holds at once.");
    private static readonly Counter<long> consumerFailures = meter.CreateCounter<long>("clientele.consumer.failures", "{failure}", "Failures of consumers of the log.");

    private static readonly ActivitySource source = new(Name);

    /// <summary>A span of work that no request asked for; null while nobody listens.</summary>
    /// <param name="name">What is done: <c>job segment_update</c>.</param>
    public static Activity? Begin(string name) => source.StartActivity(name, ActivityKind.Internal, parentContext: default);

    /// <param name="type">A row of <c>platform.job_types</c>.</param>
    /// <param name="status">How it ended.</param>
    /// <param name="seconds">How long it took.</param>
    internal static void JobRan(string type, string status, double seconds)
    {
        jobRuns.Add(1, new("type", type), new("status", status));
        jobDuration.Record(seconds, new KeyValuePair<string, object?>("type", type));
    }

    internal static void Error(string source, string severity) => errors.Add(1, new("source", source), new("severity", severity));

    internal static void ErrorDropped() => errorsDropped.Add(1);

    internal static void ConsumerFailed(string consumer) => consumerFailures.Add(1, new KeyValuePair<string, object?>("consumer", consumer));
}
