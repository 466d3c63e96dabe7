using Clientele.Platform.Data;
using Clientele.Platform.Imports;
using Clientele.Platform.PrivatePostgres;
using Clientele.Platform.Tenancy;
using Clientele.Server.Commands;
using Microsoft.Extensions.Logging.Abstractions;

namespace Clientele.Server.Tests;

/// <summary>How long a command waits for the database of the server beside it. No database answers here.</summary>
public sealed class ImportFollowTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("clientele-follow-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task It_ends_when_nobody_has_the_folder_any_more()
    {
        var looks = 0;
        Assert.Null(await Follow(() => ++looks < 2, TestContext.Current.CancellationToken));
        Assert.Equal(2, looks);
    }

    [Fact]
    public async Task It_waits_on_while_somebody_has_the_folder()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var looks = 0;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Follow(() =>
        {
            if (++looks == 2) stop.Cancel();
            return true;
        }, stop.Token));
        Assert.True(looks >= 2);
    }

    [Fact]
    public async Task A_folder_is_held_as_long_as_its_lock()
    {
        var data = Path.Combine(folder, "data");
        Assert.False(DataFolderLock.IsHeld(data));
        using (await DataFolderLock.Hold(data, TestContext.Current.CancellationToken)) Assert.True(DataFolderLock.IsHeld(data));
        Assert.False(DataFolderLock.IsHeld(data));
        // Having looked, it stands in nobody's way.
        (await DataFolderLock.Hold(data, TestContext.Current.CancellationToken)).Dispose();
    }

    private async Task<ImportView?> Follow(Func<bool> served, CancellationToken ct)
    {
        await using var databases = new Databases($"Host={folder};Username=nobody;Password=x;Database=none");
        var db = new Db(databases.Application, new Tenant(Guid.NewGuid(), null, Access.System));
        var worker = new ImportWorker(databases, [], NullLogger<ImportWorker>.Instance);
        return await ImportFollow.ToEnd(worker, db, Guid.NewGuid(), alone: false, served, TimeSpan.Zero, ct);
    }
}
