using System.CommandLine;

namespace Clientele.Server.Commands;

/// <summary>clientele migrate: brings a database up to this build without serving it, for those who upgrade in steps.</summary>
internal static class MigrateCommand
{
    public static Command Create()
    {
        var (data, database) = (Options.Data(), Options.Database());
        var command = new Command("migrate", "Bring the database to this build's schema, and stop.") { data, database };
        command.SetAction(async (parsed, ct) =>
        {
            using var loggers = LoggerFactory.Create(l => LogLines.AddTo(l).SetMinimumLevel(LogLevel.Warning).AddFilter("Clientele.Platform.Migrations", LogLevel.Debug));
            await using var home = await DatabaseHome.Open(parsed.GetValue(database), parsed.GetValue(data)!, loggers, ct);
            Console.WriteLine("The database is up to date.");
            return 0;
        });
        return command;
    }
}
