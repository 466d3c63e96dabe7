using System.Diagnostics;
using System.Globalization;

namespace Clientele.Platform.PrivatePostgres;

/// <summary>
/// Who PostgreSQL runs as: we ourselves or, since PostgreSQL refuses root, an unprivileged user.
/// Everything inside PostgreSQL's own folders is done as this account too, so that root never follows a link or
/// signals a process that an account of lesser rights has put in its way.
/// </summary>
internal sealed class ServerAccount
{
    private readonly int? userId;
    private readonly int? groupId;

    private ServerAccount(string name, int? userId, int? groupId)
    {
        Name = name;
        this.userId = userId;
        this.groupId = groupId;
    }

    internal string Name { get; }

    /// <summary>The owner of the first of these folders that is somebody's other than root, else the user postgres, else a system user made for us.</summary>
    internal static async Task<ServerAccount> Choose(IEnumerable<string> folders, CancellationToken cancellation)
    {
        if (!Environment.IsPrivilegedProcess)
            return new(Environment.UserName, null, null);
        foreach (var folder in folders)
            if (await OwnerOf(folder, cancellation) is { } owner)
                return owner;
        return await Find("postgres", cancellation)
            ?? await Find("clientele", cancellation)
            ?? await Create("clientele", cancellation);
    }

    /// <summary>How to start a program as this account. With setpriv the program keeps the process id that we see; runuser stays in between.</summary>
    internal ProcessStartInfo Describe(string file, IEnumerable<string> arguments)
    {
        if (userId is null)
            return Command.Describe(file, arguments);
        return Command.Exists("setpriv")
            ? Command.Describe("setpriv", [$"--reuid={userId}", $"--regid={groupId}", "--clear-groups", "--no-new-privs", "--", file, .. arguments])
            : Command.Describe("runuser", ["-u", Name, "--", file, .. arguments]);
    }

    /// <summary>Runs a shell script as this account; the arguments are <c>$1</c>, <c>$2</c>…</summary>
    internal Task<CommandResult> Shell(string script, string[] arguments, CancellationToken cancellation, string? input = null) =>
        Command.Run(Describe("sh", ["-c", script, "sh", .. arguments]), input, cancellation);

    internal Task<CommandResult> Signal(int processId, string signal) =>
        Shell("""kill -s "$1" "$2" """, [signal, processId.ToString(CultureInfo.InvariantCulture)], CancellationToken.None);

    /// <summary>The first of these folders that the account cannot pass through, or null.</summary>
    internal async Task<string?> FirstClosed(IEnumerable<string> folders, CancellationToken cancellation)
    {
        var answer = await Shell("""for folder; do [ -x "$folder" ] || { printf %s "$folder"; exit 0; }; done""", [.. folders], cancellation);
        return answer.Output is "" ? null : answer.Output;
    }

    /// <summary>Makes a folder of mode 0700 that belongs to this account, or checks that the one there does.</summary>
    internal async Task<bool> TakeFolder(string folder, CancellationToken cancellation)
    {
        var made = await Command.Run("mkdir", ["-m", "700", "--", folder], cancellation);
        if (made.Succeeded && userId is not null)
            await Command.Run("chown", ["-h", $"{userId}:{groupId}", folder], cancellation);
        var check = await Shell("""[ -d "$1" ] && [ ! -L "$1" ] && [ -O "$1" ] && chmod 700 "$1" """, [folder], cancellation);
        return check.Succeeded;
    }

    /// <summary>A cluster restored by root belongs to root, whom PostgreSQL refuses.</summary>
    internal async Task TakeRestoredCluster(string folder, CancellationToken cancellation)
    {
        if (userId is null || await OwnerOf(folder, cancellation) is not null)
            return;
        var taken = await Command.Run("chown", ["-R", "-h", $"{userId}:{groupId}", folder], cancellation);
        if (!taken.Succeeded)
            throw new PrivatePostgresException($"{folder} belongs to root and cannot be given to the user {Name}: run chown -R {Name} {folder}");
    }

    private static async Task<ServerAccount?> OwnerOf(string folder, CancellationToken cancellation)
    {
        if (!Directory.Exists(folder))
            return null;
        var owner = await Command.Run("stat", ["-c", "%U:%u:%g", "--", folder], cancellation);
        return owner.Succeeded && owner.Output.Trim().Split(':') is [var name, var user, var group] && user != "0"
            ? new(name, Number(user), Number(group))
            : null;
    }

    private static async Task<ServerAccount?> Find(string name, CancellationToken cancellation)
    {
        var entry = await Command.Run("getent", ["passwd", name], cancellation);
        return entry.Succeeded && entry.Output.Split(':') is [_, _, var user, var group, ..] && user != "0"
            ? new(name, Number(user), Number(group))
            : null;
    }

    private static async Task<ServerAccount> Create(string name, CancellationToken cancellation)
    {
        if (Command.Exists("useradd"))
        {
            await Command.Run("useradd",
                ["--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin", name], cancellation);
            if (await Find(name, cancellation) is { } account)
                return account;
        }
        throw new PrivatePostgresException(
            "PostgreSQL does not run as root and this machine has no user postgres: make one (useradd --system postgres), or start Clientele as another user.");
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
