using Clientele.Platform.Data;
using Clientele.Platform.Imports;
using Clientele.Platform.Problems;
using Microsoft.AspNetCore.Http;

namespace Clientele.Events.Operations;

/// <summary>
/// POST /api/batches/{id}/cancel: ends a run over a batch of events. What it brought stays. Whoever is at it finds that the run
/// is over when they next say how far they are (CL001).
/// </summary>
internal static class CancelBatch
{
    private sealed record Batch(string Status, bool IsImport);

    public static async Task<IResult> Handle(Guid id, Db db, CancellationToken ct)
    {
        var batch = await db.Find<Batch>($"""
            select b.status, exists (select from platform.imports i where i.organization_id = b.organization_id and i.id = b.id) as is_import
            from events.batch_operations b where b.organization_id = platform.organization() and b.id = {id}
            """, ct) ?? throw Problem.NotFound("batch");
        // The worker of imports stops after the group it is at, and only then the batch stands as cancelled.
        if (batch.IsImport) await ImportCommands.Cancel(db, id, ct);
        else if (await db.Run($"""
            update events.batch_operations b set status = 'cancelled', finished_at = now()
            where b.organization_id = platform.organization() and b.id = {id} and b.status in ('pending', 'processing')
            """, ct) == 0) throw new Problem(409, "batch_not_running", $"The batch is {batch.Status}; there is nothing to cancel.");
        return Results.NoContent();
    }
}
