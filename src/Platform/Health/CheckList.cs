using Clientele.Platform.Backups;
using Clientele.Platform.Health.Checks;
using Clientele.Platform.Log;
using Clientele.Platform.PrivatePostgres;

namespace Clientele.Platform.Health;

/// <summary>All that is looked at: what modules registered, each consumer of the log, and what depends on how this node is set up.</summary>
internal sealed class CheckList(IEnumerable<HealthCheck> registered, IEnumerable<ILogConsumer> consumers, LogHealth log, PlatformOptions options, Node node, BackupWorker backups, TimeProvider clock, PrivatePostgresServer? postgres = null)
{
    public IReadOnlyList<HealthCheck> All { get; } =
    [
        .. registered,
        .. consumers.Select(c => LogChecks.Consumer(log, c.Name)),
        .. options.OAuth is { } service ? [SignInCheck.Service(service)] : Array.Empty<HealthCheck>(),
        .. options.Mail is { } mail ? [MailCheck.Server(mail)] : Array.Empty<HealthCheck>(),
        .. backups.Archive is not null ? [BackupChecks.Archive(backups)] : Array.Empty<HealthCheck>(),
        .. postgres is not null ? [PostgresCheck.Deaths(postgres, clock)] : Array.Empty<HealthCheck>(),
        .. node.DataFolder is { } folder ? [DiskCheck.Room(folder)] : Array.Empty<HealthCheck>(),
    ];
}
