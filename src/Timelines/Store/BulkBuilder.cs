namespace Clientele.Timelines.Store;

/// <summary>
/// Builds stores from events in any order: runs of a bounded number of rows are sorted and written by one thread while the next is read by
/// another. In the end <see cref="TimelineFolder.Save"/> merges the runs.
/// </summary>
public sealed class BulkBuilder(TimelineFolder folder, int rowsOfRun)
{
    private Task writing = Task.CompletedTask;
    private long sinceRoom;

    public TimelineStore Of(Guid organization)
    {
        var store = folder.Of(organization);
        store.BeginBulk();
        return store;
    }

    /// <summary>To be called often: hands a run over when there is one, and waits while two would be in memory.</summary>
    public async Task Room()
    {
        if (++sinceRoom % 16 != 0 || folder.Stores.Sum(s => (long)s.Value.Pending) < rowsOfRun) return;
        await Hand(folder.Stores.MaxBy(s => s.Value.Pending));
    }

    public async Task Finish(CancellationToken ct)
    {
        foreach (var store in folder.Stores.Where(s => s.Value.Pending > 0))
        {
            ct.ThrowIfCancellationRequested();
            await Hand(store);
        }
        await writing;
        foreach (var (_, store) in folder.Stores) store.EndBulk();
    }

    private async Task Hand(KeyValuePair<Guid, TimelineStore> of)
    {
        await writing;
        var (rows, columns) = of.Value.TakePending();
        var file = folder.NewFile(of.Key);
        writing = Task.Run(() => of.Value.AddRun(rows, columns, file));
    }
}
