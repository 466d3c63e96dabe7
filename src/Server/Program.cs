using System.CommandLine;
using Clientele.Analytics;
using Clientele.Billing;
using Clientele.Blueprints;
using Clientele.Commerce;
using Clientele.Customers;
using Clientele.DataApi;
using Clientele.Events;
using Clientele.Flags;
using Clientele.Giving;
using Clientele.Growth;
using Clientele.Messaging;
using Clientele.Platform;
using Clientele.Platform.Modules;
using Clientele.Server.Commands;

// The table of contents: what this executable can do, and what it is made of.
var root = new RootCommand("Clientele: a customer platform on one PostgreSQL.")
{
    ServeCommand.Create(),
    ImportCommand.Create(),
    MigrateCommand.Create(),
    RebuildCommand.Create(),
    BlueprintCommand.Create(),
    DataApiCommand.Create(),
    AuditCommand.Create(),
    KeysCommand.Create(),
    BackupCommand.Create(),
    RestoreCommand.Create(),
    CheckCommand.Create(),
};
return await CommandLine.Run(root, args);

namespace Clientele.Server
{
    /// <summary>The modules of this build, each after those it depends on.</summary>
    public static class Modules
    {
        public static IReadOnlyList<IModule> All { get; } = 
        [
            new PlatformModule(), new DataApiModule(), new CustomersModule(), new EventsModule(), new AnalyticsModule(), new MessagingModule(), new CommerceModule(),
            new FlagsModule(), new GrowthModule(), new BillingModule(), new GivingModule(), .. Blueprint.All,
        ];
    }
}
