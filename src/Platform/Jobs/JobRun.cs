using System.Collections.Concurrent;
using System.Text.Json;
using Clientele.Platform.Data;

namespace Clientele.Platform.Jobs;

/// <summary>A run of a job, to its handler: what to work with, and where to say how it goes. Safe from several threads.</summary>
public sealed class JobRun
{
    private readonly ConcurrentQueue<Line> lines = new();
    private (long? Done, long? Total, string? Note) progress;

    internal sealed record Line(DateTimeOffset At, string Level, string Message);

    internal JobRun(Guid id, Db db, JsonElement config) => (Id, Db, Config) = (id, db, config);

    /// <summary>The run's id.</summary>
    public Guid Id { get; }

    /// <summary>Acts for the job's organization.</summary>
    public Db Db { get; }

    /// <summary>The job's configuration, a JSON object.</summary>
    public JsonElement Config { get; }

    /// <summary>Says how far it is; people see it within seconds.</summary>
    /// <param name="done">Of whatever is counted.</param>
    /// <param name="total">Of how many; null when nobody knows.</param>
    /// <param name="note">What it is at, at most 500 characters.</param>
    public void Progress(long done, long? total = null, string? note = null)
    {
        lock (lines) progress = (done, total, note);
    }

    /// <summary>Tells something people may want to read later. No secrets, no personal data.</summary>
    /// <param name="message">One line; what is beyond 4,000 characters is cut off.</param>
    public void Log(string message) => Add("info", message);

    /// <inheritdoc cref="Log"/>
    public void Warn(string message) => Add("warning", message);

    internal void Fail(string message) => Add("error", message);

    internal (long? Done, long? Total, string? Note) Now
    {
        get { lock (lines) return progress; }
    }

    // A handler that talks without end fills neither memory nor table.
    private const int Most = 10_000;
    private int told;

    private void Add(string level, string message)
    {
        if (Interlocked.Increment(ref told) > Most) return;
        lines.Enqueue(new Line(TimeProvider.System.GetUtcNow(), level, message.Length > 4000 ? message[..4000] : message));
    }

    internal List<Line> TakeLines()
    {
        var taken = new List<Line>();
        while (lines.TryDequeue(out var line)) taken.Add(line);
        return taken;
    }
}
