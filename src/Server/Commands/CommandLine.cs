using System.CommandLine;
using System.CommandLine.Parsing;
using System.Net.Sockets;
using Clientele.Platform.Migrations;
using Clientele.Platform.PrivatePostgres;
using Clientele.Platform.Problems;
using Npgsql;

namespace Clientele.Server.Commands;

/// <summary>
/// Runs a command. What a person can cause ends in one line on standard error for each thing that is wrong, and a code:
/// 0 done · 1 it ran and did not succeed · 2 the command, a file or the surroundings are not right, and nothing was changed.
/// </summary>
internal static class CommandLine
{
    public const int Failed = 1;
    public const int Refused = 2;

    public static async Task<int> Run(RootCommand root, string[] args)
    {
        try
        {
            var parsed = root.Parse(args);
            if (parsed.Errors.Count > 0 && parsed.Action is not System.CommandLine.Help.HelpAction)
            {
                // The word that is wrong says more than the one that is missing because of it.
                var what = parsed.UnmatchedTokens is [var unknown, ..] ? $"\"{unknown}\" is not known here." : Sentence(parsed.Errors[0]);
                await Console.Error.WriteLineAsync($"clientele: {what} Try: clientele {Path(parsed)}--help");
                return Refused;
            }
            return await parsed.InvokeAsync(new InvocationConfiguration
            {
                EnableDefaultExceptionHandler = false,
                // A stop may wait for a request, an import's group and PostgreSQL's last checkpoint; cut short it would leave PostgreSQL behind.
                ProcessTerminationTimeout = TimeSpan.FromSeconds(80),
            });
        }
        catch (Problem e) when (e.Errors is { Count: > 0 } faults)
        {
            foreach (var fault in faults.Values.SelectMany(f => f)) await Console.Error.WriteLineAsync($"clientele: {fault}");
            return Refused;
        }
        catch (Exception e) when (e is SetupException or PrivatePostgresException or Problem)
        {
            await Console.Error.WriteLineAsync($"clientele: {e.Message}");
            return Refused;
        }
        catch (Exception e) when (e is NpgsqlException or IOException or UnauthorizedAccessException or SocketException)
        {
            await Console.Error.WriteLineAsync($"clientele: {e.Message.ReplaceLineEndings(" ")}");
            return Failed;
        }
        catch (OperationCanceledException)
        {
            return 130;
        }
#pragma warning disable CA1031 // Nothing that a person typed should end in a crash of the process; what it was is ours to mend, so all of it is said.
        catch (Exception e)
#pragma warning restore CA1031
        {
            await Console.Error.WriteLineAsync($"clientele: a fault of Clientele itself: {e.Message.ReplaceLineEndings(" ")} Please report it with these lines:\n{e}");
            return Failed;
        }
    }

    private static string Sentence(ParseError error) =>
        error.SymbolResult is OptionResult { Tokens: [var token, ..], Option: var option } && (option.ValueType == typeof(int) || option.ValueType == typeof(long)) && !long.TryParse(token.Value, out _)
            ? $"{option.Name} wants a whole number, not \"{token.Value}\"."
            : error.Message.TrimEnd('.') + ".";

    private static string Path(ParseResult parsed)
    {
        var names = new List<string>();
        for (SymbolResult? at = parsed.CommandResult; at is CommandResult command && command.Command is not RootCommand; at = at.Parent) names.Insert(0, command.Command.Name);
        return string.Concat(names.Select(n => n + " "));
    }
}
