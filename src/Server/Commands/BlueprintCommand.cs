using System.CommandLine;
using Clientele.Blueprints;
using Clientele.Platform.Data;
using Clientele.Platform.Tenancy;

namespace Clientele.Server.Commands;

/// <summary>clientele blueprint list, clientele blueprint apply NAME.</summary>
internal static class BlueprintCommand
{
    public static Command Create() => new("blueprint", "One product's words over the platform: its tables, event types and settings.") { List(), Apply() };

    private static Command List()
    {
        var command = new Command("list", "The blueprints there are.");
        command.SetAction(_ =>
        {
            foreach (var blueprint in Blueprint.All) Console.WriteLine(blueprint.Name);
            return 0;
        });
        return command;
    }

    private static Command Apply()
    {
        var (data, database) = (Options.Data(), Options.Database());
        var name = new Argument<string>("name") { Description = "Which blueprint; see clientele blueprint list." };
        var organization = new Option<string?>("--organization") { Description = "Which organization, when there are several: the word in the console's address.", HelpName = "SLUG" };
        var workspace = new Option<string?>("--workspace") { Description = "Which workspace, when there are several.", HelpName = "SLUG" };
        var command = new Command("apply", "Let a workspace speak a blueprint's words: register its event types, set its settings.") { name, organization, workspace, data, database };
        command.SetAction(async (parsed, ct) =>
        {
            using var loggers = LogLines.OfCommand();
            await using var home = await DatabaseHome.Attach(parsed.GetValue(database), parsed.GetValue(data)!, loggers, ct);
            var db = new Db(home.Databases.Application, Tenant.System(await Options.FindOrganization(home.Databases, parsed.GetValue(organization), ct)));
            var applied = await ApplyBlueprint.Apply(db, parsed.GetValue(name)!, parsed.GetValue(workspace), ct);
            Console.WriteLine($"The workspace \"{applied.Workspace}\" speaks {applied.Blueprint} now: {applied.EventTypes} event types registered, {applied.Views} views of them made, {applied.Settings} settings set; what was there before is as it was.");
            return 0;
        });
        return command;
    }
}
