using Clientele.Platform.Data;

namespace Clientele.Events.Operations;

/// <summary>GET /api/batches: runs over batches of events, newest first. One that is an import is cancelled and undone as the import of the same id.</summary>
internal static class ListBatches
{
    public sealed record View(Guid Id, string Operation, string Status, string Source, long? Total, long Accepted, long Rejected, string? Problem, DateTimeOffset CreatedAt, DateTimeOffset? FinishedAt);

    public sealed record ListView(IReadOnlyList<View> Items);

    public static async Task<ListView> Handle(Db db, CancellationToken ct) => new(await db.List<View>($"""
        select b.id, b.operation_type as operation, b.status, b.source, b.total_count as total, b.accepted_count as accepted, b.rejected_count as rejected, b.problem, b.created_at, b.finished_at
        from events.batch_operations b
        where b.organization_id = platform.organization()
        order by b.created_at desc, b.id
        limit 200
        """, ct));
}
