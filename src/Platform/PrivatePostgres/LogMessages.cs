using Microsoft.Extensions.Logging;

namespace Clientele.Platform.PrivatePostgres;

internal static partial class LogMessages
{
    [LoggerMessage(Level = LogLevel.Information, Message = "Creating the private PostgreSQL {Version} in {Folder}")]
    internal static partial void CreatingCluster(this ILogger logger, string version, string folder);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Removing {Folder}, which a start that was cut short left half made")]
    internal static partial void RemovingHalfMade(this ILogger logger, string folder);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A database that was not made to its end is left for the next start: {Reason}")]
    internal static partial void LeftHalfMade(this ILogger logger, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "Private PostgreSQL {Version} is ready: process {ProcessId}, user {User}, socket {Socket}, {Milliseconds} ms")]
    internal static partial void Ready(this ILogger logger, string version, int processId, string user, string socket, long milliseconds);

    [LoggerMessage(Level = LogLevel.Information, Message = "Adopted the private PostgreSQL that an earlier Clientele left running: process {ProcessId}")]
    internal static partial void Adopted(this ILogger logger, int processId);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Stopping a PostgreSQL (process {ProcessId}) that an earlier Clientele left running: {Reason}")]
    internal static partial void StoppingOrphan(this ILogger logger, int processId, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "PostgreSQL is still starting after {Seconds} s; after a crash it first replays its log")]
    internal static partial void StillStarting(this ILogger logger, long seconds);

    [LoggerMessage(Level = LogLevel.Error, Message = "The private PostgreSQL (process {ProcessId}) died; starting it again in {Milliseconds} ms")]
    internal static partial void Died(this ILogger logger, int processId, long milliseconds);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The private PostgreSQL runs again as process {ProcessId}, {Milliseconds} ms after it died")]
    internal static partial void RunsAgain(this ILogger logger, int processId, long milliseconds);

    [LoggerMessage(Level = LogLevel.Error, Message = "The private PostgreSQL did not start again: {Reason} Next attempt in {Milliseconds} ms")]
    internal static partial void DidNotStartAgain(this ILogger logger, string reason, long milliseconds);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The archive for going back to a moment: {Reason}")]
    internal static partial void ArchiveFailed(this ILogger logger, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Ended {Count} processes that a dead PostgreSQL had left behind")]
    internal static partial void EndedLeftovers(this ILogger logger, int count);

    [LoggerMessage(Level = LogLevel.Warning, Message = "PostgreSQL did not stop within {Seconds} s: sending {Signal}")]
    internal static partial void StoppingHarder(this ILogger logger, long seconds, string signal);

    [LoggerMessage(Level = LogLevel.Information, Message = "The private PostgreSQL has stopped")]
    internal static partial void Stopped(this ILogger logger);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The password file of the private PostgreSQL was missing: a new password is set")]
    internal static partial void PasswordReplaced(this ILogger logger);
}
