using System.CommandLine;
using Clientele.Platform;
using Clientele.Platform.Data;
using Clientele.Platform.Migrations;
using Clientele.Platform.Tenancy;
using Npgsql;

namespace Clientele.Server.Commands;

/// <summary>Options several commands share. Each may stand in the environment instead, as CLIENTELE_ and its name in capitals.</summary>
internal static class Options
{
    // Where services keep their data, and where ./run keeps it when root runs it in a folder that PostgreSQL's account cannot enter.
    private const string OfTheSystem = "/var/lib/clientele";

    public static Option<string> Data()
    {
        var data = new Option<string>("--data")
        {
            Description = $"Folder of the private PostgreSQL; as root {OfTheSystem} where there is no ./data. [CLIENTELE_DATA]",
            HelpName = "DIR",
            DefaultValueFactory = _ => PlatformOptions.Word("CLIENTELE_DATA") ?? (Environment.IsPrivilegedProcess && !Directory.Exists("data") && Directory.Exists(OfTheSystem) ? OfTheSystem : "data"),
        };
        data.Validators.Add(result => { if (result.Tokens is [{ Value.Length: 0 }]) result.AddError("--data names no folder."); });
        return data;
    }

    public static Option<string?> Database()
    {
        var database = new Option<string?>("--database")
        {
            Description = "Connection string of an existing PostgreSQL 15 or newer, instead of a private one. [CLIENTELE_DATABASE]",
            HelpName = "CONNECTION",
            DefaultValueFactory = _ => PlatformOptions.Word("CLIENTELE_DATABASE") is not { } word || IsConnection(word) ? PlatformOptions.Word("CLIENTELE_DATABASE")
                : throw new SetupException($"CLIENTELE_DATABASE {NoConnection}"),
        };
        database.Validators.Add(result => { if (result.Tokens is [var token] && !IsConnection(token.Value)) result.AddError($"--database {NoConnection}"); });
        return database;
    }

    // What was given is not repeated: it may hold a password.
    private const string NoConnection = "is no connection string. Write \"Host=…;Username=…;Password=…;Database=…\".";

    private static bool IsConnection(string word)
    {
        // Nothing means: a private one.
        if (string.IsNullOrWhiteSpace(word)) return true;
        try { return new NpgsqlConnectionStringBuilder(word).Host is { Length: > 0 }; }
        catch (Exception e) when (e is ArgumentException or FormatException or InvalidCastException or OverflowException) { return false; }
    }

    private sealed record Organization(Guid Id, string Slug);

    /// <summary>The organization of that slug; without one, the only one there is.</summary>
    /// <exception cref="SetupException">There is none, or there are several; the message names them.</exception>
    public static async Task<Guid> FindOrganization(Databases databases, string? slug, CancellationToken ct)
    {
        var all = await new Db(databases.Service, Tenant.None).List<Organization>($"select o.id, o.slug from platform.organizations o order by o.created_at", ct);
        if (slug is null && all.Count == 1) return all[0].Id;
        if (all.Count == 0) throw new SetupException("There is no organization yet. Start the platform once first: ./run");
        var names = string.Join(", ", all.Select(o => o.Slug));
        if (slug is null) throw new SetupException($"There are several organizations: {names}. Say which with --organization.");
        return all.Find(o => o.Slug == slug)?.Id ?? throw new SetupException($"There is no organization \"{slug}\". There is: {names}.");
    }
}
