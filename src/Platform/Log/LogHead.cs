using System.Globalization;
using Clientele.Platform.Data;

namespace Clientele.Platform.Log;

/// <summary>How far the log may be read now, for readers that keep their own place outside of the database (derived files of a node).</summary>
/// <param name="Identity">Which life of which log it is; a reader that was built from another rebuilds.</param>
/// <param name="Watermark">Rows of older writers, and only those, may be read.</param>
/// <param name="Behind">There are rows after the reader's place, below the watermark.</param>
public sealed record LogHead(short Epoch, string Identity, ulong Watermark, bool Behind)
{
    private sealed record Row(short Epoch, string Identity, long Since, bool SameServer, string Watermark, bool Behind);

    /// <summary>Looks, on the service role. Raises the epoch when the log turns out to be on another server than it was.</summary>
    public static async Task<LogHead> Read(Db service, LogPoint after, CancellationToken ct)
    {
        var row = await Look(service, after, ct);
        if (!row.SameServer)
        {
            await service.One<short>($"select log.verify_epoch()", ct);
            row = await Look(service, after, ct);
        }
        // Two recoveries from the same copy raise the same epoch on the same timeline: only when they did tells them apart.
        return new LogHead(row.Epoch, string.Create(CultureInfo.InvariantCulture, $"{row.Identity}#{row.Epoch}@{row.Since}"), ulong.Parse(row.Watermark, CultureInfo.InvariantCulture), row.Behind);
    }

    private static Task<Row> Look(Db service, LogPoint after, CancellationToken ct) => service.One<Row>($"""
        select s.epoch, s.identity, (extract(epoch from s.since) * 1000000)::bigint as since, s.identity = log.identity() as same_server, log.watermark()::text as watermark,
               exists (
                   select from log.events e
                   where (e.epoch, e.writer, e.position) > ({after.Epoch}::smallint, {after.Writer.ToString(CultureInfo.InvariantCulture)}::text::xid8, {after.Position})
                   and (e.epoch, e.writer) < (s.epoch, log.watermark())
               ) as behind
        from log.state s
        """, ct);
}
