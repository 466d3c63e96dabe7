using Clientele.Platform.Data;

namespace Clientele.Platform.Log;

/// <summary>
/// Code that follows the log. It is handed ranges of the log in order, each exactly once: what it writes in
/// the given transaction commits together with its checkpoint, or not at all.
/// </summary>
/// <remarks>
/// At any time one node runs a consumer. A killed node's range is handed out again. When the log moved to another
/// server (see log.state), <see cref="Reset"/> is called and the log is handed out again from its beginning.
/// </remarks>
public interface ILogConsumer
{
    /// <summary>Module and purpose, e.g. <c>customers.figures</c>. Renaming it starts it anew.</summary>
    string Name { get; }

    /// <summary>How many events a range holds at most; a range should take well under a second.</summary>
    int BatchSize => 10_000;

    /// <summary>Takes in one range, set-based, on the service role: <c>from log.events e where {range.Contains("e")}</c>.</summary>
    Task Apply(Transaction transaction, LogRange range, CancellationToken ct);

    /// <summary>Throws away what was derived.</summary>
    Task Reset(Transaction transaction, CancellationToken ct);
}

/// <summary>A place in the log: everything up to and including it.</summary>
public sealed record LogPoint(short Epoch, ulong Writer, long Position);

/// <summary>The events after <paramref name="From"/> up to and including <paramref name="To"/>.</summary>
public sealed record LogRange(LogPoint From, LogPoint To, int Events)
{
    /// <summary>The condition on the log under the given alias.</summary>
    public Sql Contains(string alias)
    {
        var e = Sql.Composed(alias);
        return $"""
            ({e}.epoch, {e}.writer, {e}.position) > ({From.Epoch}::smallint, {From.Writer.ToString(System.Globalization.CultureInfo.InvariantCulture)}::text::xid8, {From.Position})
            and ({e}.epoch, {e}.writer, {e}.position) <= ({To.Epoch}::smallint, {To.Writer.ToString(System.Globalization.CultureInfo.InvariantCulture)}::text::xid8, {To.Position})
            """;
    }
}
