using System.CommandLine;

namespace Clientele.Server.Commands;

/// <summary>Options several commands share. Each may stand in the environment instead, as CLIENTELE_ and its name in capitals.</summary>
internal static class Options
{
    public static Option<string> Data() => new("--data")
    {
        Description = "Folder of the private PostgreSQL. [CLIENTELE_DATA]",
        HelpName = "DIR",
        DefaultValueFactory = _ => Environment.GetEnvironmentVariable("CLIENTELE_DATA") ?? "data",
    };

    public static Option<string?> Database() => new("--database")
    {
        Description = "Connection string of an existing PostgreSQL 15 or newer, instead of a private one. [CLIENTELE_DATABASE]",
        HelpName = "CONNECTION",
        DefaultValueFactory = _ => Environment.GetEnvironmentVariable("CLIENTELE_DATABASE"),
    };
}
