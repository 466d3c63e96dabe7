namespace Clientele.Platform.Health;

/// <summary>How something is.</summary>
public enum HealthStatus
{
    /// <summary>As it should be.</summary>
    Healthy,

    /// <summary>It works, but somebody should look.</summary>
    Degraded,

    /// <summary>It does not work.</summary>
    Unhealthy,
}

/// <summary>What a check found.</summary>
public sealed record Finding
{
    private Finding(HealthStatus status, string? code, string? detail, object? data) => (Status, Code, Detail, Data) = (status, code, detail, data);

    /// <summary>How it is.</summary>
    public HealthStatus Status { get; }

    /// <summary>Which fault it is, as <c>disk_low</c>: it stays when the sentence changes. Null when all is well.</summary>
    public string? Code { get; }

    /// <summary>What is wrong and what to do, in English; null when nothing is. No secrets: operators read it.</summary>
    public string? Detail { get; }

    /// <summary>
    /// Figures, written as a JSON object, and all that the sentence names, so that the console can say it in another language. The ending of a name tells
    /// the unit: <c>Bytes</c>, <c>Seconds</c>, <c>Hours</c>, <c>At</c> for a moment, <c>Share</c> from 0 to 1.
    /// </summary>
    public object? Data { get; }

    /// <summary>All is well.</summary>
    public static Finding Well(object? data = null) => new(HealthStatus.Healthy, null, null, data);

    /// <summary>It works, but somebody should look. The console has words for each code: <c>ui/src/health/findings</c>.</summary>
    public static Finding Degraded(string code, string detail, object? data = null) => new(HealthStatus.Degraded, code, detail, data);

    /// <summary>It does not work. The console has words for each code, as for what is degraded.</summary>
    public static Finding Unhealthy(string code, string detail, object? data = null) => new(HealthStatus.Unhealthy, code, detail, data);
}

/// <summary>
/// Something the installation depends on, looked at once a minute. A module registers its own as a singleton. What it throws is a
/// finding too, and what takes longer than it may is given up; neither touches the other checks.
/// </summary>
/// <param name="Service">Module or part: <c>analytics</c>.</param>
/// <param name="Name">What is looked at, unique with the service: <c>timelines</c>.</param>
/// <param name="Timeout">How long it may take.</param>
/// <param name="Look">Looks. It reads, quickly: one statement or one connection.</param>
public sealed record HealthCheck(string Service, string Name, TimeSpan Timeout, Func<CancellationToken, Task<Finding>> Look)
{
    /// <summary>It tells of one node and not of all: each looks for itself, and its name is added.</summary>
    public bool OfEachNode { get; init; }
}
