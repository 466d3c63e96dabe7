using Clientele.Platform.Data;
using Clientele.Platform.Tenancy;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Clientele.Platform.Jobs;

/// <summary>Runs the modules' chores, each at its own pace. One that fails does not keep the others.</summary>
public sealed partial class ChoreRunner(Databases databases, IEnumerable<Chore> chores, TimeProvider clock, ILogger<ChoreRunner> logger) : BackgroundService
{
    private readonly Db db = new(databases.Service, Tenant.None);
    private readonly Dictionary<string, DateTimeOffset> next = new(StringComparer.Ordinal);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMinutes(1), clock);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken)) await RunDue(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested) { return; }
    }

    /// <summary>Runs those whose time has come.</summary>
    /// <returns>How many ran well.</returns>
    public async Task<int> RunDue(CancellationToken ct)
    {
        var done = 0;
        foreach (var chore in chores)
        {
            if (next.TryGetValue(chore.Name, out var due) && due > clock.GetUtcNow()) continue;
            next[chore.Name] = clock.GetUtcNow() + chore.Every;
            try
            {
                await db.Run(chore.Statement, ct);
                done++;
            }
            catch (NpgsqlException e) { LogFailed(e, chore.Name); }
        }
        return done;
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "{Chore} failed; it is tried again when its time comes")]
    private partial void LogFailed(Exception exception, string chore);
}
