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
/// <param name="Detail">What is wrong and what to do; null when nothing is. No secrets: operators read it.</param>
/// <param name="Data">Figures, written as a JSON object.</param>
public sealed record Finding(HealthStatus Status, string? Detail = null, object? Data = null)
{
    /// <summary>All is well.</summary>
    public static Finding Well(object? data = null) => new(HealthStatus.Healthy, null, data);
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
