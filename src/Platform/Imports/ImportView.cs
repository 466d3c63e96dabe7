using System.Text.Json;
using Clientele.Platform.Data;

namespace Clientele.Platform.Imports;

/// <summary>An import as the API shows it.</summary>
/// <param name="Counts">What was made, by the importer's own names: orders, events, customersChanged…</param>
public sealed record ImportView(
    Guid Id, string Kind, string FileName, long FileSize, string Sha256, string State,
    DateTimeOffset CreatedAt, DateTimeOffset? StartedAt, DateTimeOffset? FinishedAt, string? CreatedBy, JsonElement? Mapping,
    long Lines, long LinesRead, long Accepted, long Rejected, long Duplicates, long Written,
    JsonElement Counts, double Progress, double? SecondsLeft, string? Problem)
{
    internal static async Task<ImportView> Of(Db db, Guid id, CancellationToken ct) =>
        (await List(db, $"i.id = {id}", 1, ct)) is [var view] ? view : throw Problems.Problem.NotFound("import");

    /// <summary>Reading is a third of the work, writing the rest: measured on the sample file, near enough for a bar.</summary>
    internal static Task<List<ImportView>> List(Db db, Sql condition, int limit, CancellationToken ct) => db.List<ImportView>($"""
        with shown as (
            select i.*, case
                when i.state in ('completed', 'undone') then 1
                when i.staged = 0 and i.state = 'writing' then 1
                when i.state = 'undoing' then coalesce((i.counts ->> 'undone')::numeric / nullif(i.written, 0), 0)
                else 0.35 * i.lines_read / greatest(i.lines, 1) + 0.65 * coalesce(i.written::numeric / nullif(i.staged, 0), 0) * (i.lines_read >= i.lines)::integer
            end::double precision as done
            from platform.imports i
            where ({condition}) and i.state <> 'receiving'
            order by i.created_at desc
            limit {limit}
        )
        select s.id, s.kind, s.file_name, s.file_size, coalesce(encode(s.sha256, 'hex'), '') as sha256, s.state, s.created_at, s.started_at, s.finished_at,
               u.name as created_by, s.mapping, s.lines, s.lines_read, s.accepted, s.rejected, s.duplicates, s.written,
               s.counts - 'undone' as counts,
               least(s.done, 1) as progress,
               case when s.state in ('reading', 'writing') and s.done > 0.02
                    then extract(epoch from now() - s.started_at)::double precision * (1 - s.done) / s.done end as seconds_left,
               s.problem
        from shown s
        left join platform.platform_users u on u.id = s.created_by
        order by s.created_at desc
        """, ct);
}
