using System.Diagnostics;
using System.Text.RegularExpressions;
using Clientele.Testing;

namespace Clientele.EndToEnd.Tests;

/// <summary>Other people's programs as they come from npm, installed once by the lock file of a folder beside the tests.</summary>
public sealed class NpmPackages
{
    private readonly Lazy<Task<string?>> installed;

    private NpmPackages(string folder)
    {
        Folder = Path.Combine(SharedData.Root, "tests", folder);
        installed = new(Install);
    }

    /// <summary>SDKs that send.</summary>
    public static NpmPackages Clients { get; } = new("Clients");

    /// <summary>A server that speaks S3.</summary>
    public static NpmPackages Storage { get; } = new("Storage");

    public string Folder { get; }

    /// <summary>Why they are not there; null when they are.</summary>
    public Task<string?> Missing => installed.Value;

    private async Task<string?> Install()
    {
        if (File.Exists(Path.Combine(Folder, "node_modules", ".package-lock.json"))) return null;
        try
        {
            var (code, text) = await Run("npm", ["ci", "--no-audit", "--no-fund", "--ignore-scripts"]);
            if (code == 0) return null;

            // A machine without a registry skips; anything else, such as a lock file that lacks a package, is a fault to see.
            var why = Regex.Match(text, @"npm error code (\w+)").Groups[1].Value;
            return why is "ENOTFOUND" or "EAI_AGAIN" or "ECONNREFUSED" or "ECONNRESET" or "ENETUNREACH" or "ETIMEDOUT"
                ? $"The packages could not be fetched from npm ({why})."
                : throw new InvalidOperationException($"npm ci in {Folder} failed: {text}");
        }
        catch (System.ComponentModel.Win32Exception) { return "There is no npm."; }
    }

    /// <summary>Runs a program in the folder, for three minutes at most.</summary>
    public async Task<(int Code, string Text)> Run(string program, string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { WorkingDirectory = Folder, RedirectStandardOutput = true, RedirectStandardError = true })!;
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(patience.Token), process.StandardError.ReadToEndAsync(patience.Token));
        try { await process.WaitForExitAsync(patience.Token); }
        finally { if (!process.HasExited) process.Kill(entireProcessTree: true); }
        return (process.ExitCode, await output + await errors);
    }
}
