using System.Diagnostics;

namespace Clientele.Platform.PrivatePostgres;

internal sealed record CommandResult(int ExitCode, string Output, string Error)
{
    internal bool Succeeded => ExitCode == 0;
}

/// <summary>Runs a short command to its end.</summary>
internal static class Command
{
    private const string SystemPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    // Root's own folders are closed to the account PostgreSQL runs as, and may hold anything.
    private static readonly string SearchPath = Environment.IsPrivilegedProcess || Environment.GetEnvironmentVariable("PATH") is not { Length: > 0 } path
        ? SystemPath
        : $"{path}:{SystemPath}";

    internal static ProcessStartInfo Describe(string file, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(file, arguments) { WorkingDirectory = "/", UseShellExecute = false };
        // A clean environment: PGPORT, PGDATA, LC_MESSAGES… of whoever starts us would change what PostgreSQL does
        // and in which language it complains, and our own secrets are none of its business.
        start.Environment.Clear();
        start.Environment["PATH"] = SearchPath;
        start.Environment["LC_ALL"] = "C.UTF-8";
        start.Environment["TZ"] = "UTC";
        start.Environment["HOME"] = "/";
        return start;
    }

    internal static Task<CommandResult> Run(string file, string[] arguments, CancellationToken cancellation) =>
        Run(Describe(file, arguments), null, cancellation);

    internal static async Task<CommandResult> Run(ProcessStartInfo start, string? input, CancellationToken cancellation)
    {
        start.RedirectStandardInput = start.RedirectStandardOutput = start.RedirectStandardError = true;
        using var process = Process.Start(start)!;
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(cancellation);
            var error = process.StandardError.ReadToEndAsync(cancellation);
            try
            {
                await process.StandardInput.WriteAsync(input.AsMemory(), cancellation);
                process.StandardInput.Close();
            }
            catch (IOException)
            {
                // The command ended without reading: its exit code says more than the broken pipe.
            }
            await process.WaitForExitAsync(cancellation);
            return new(process.ExitCode, await output, await error);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }

    internal static bool Exists(string name) =>
        SearchPath.Split(':', StringSplitOptions.RemoveEmptyEntries).Any(folder => File.Exists(Path.Combine(folder, name)));
}
