using System.CommandLine;
using Clientele.Commerce;
using Clientele.Customers;
using Clientele.Events;
using Clientele.Platform;
using Clientele.Platform.Modules;
using Clientele.Server.Commands;

// The table of contents: what this executable can do, and what it is made of.
var root = new RootCommand("Clientele: a customer platform on one PostgreSQL.")
{
    ServeCommand.Create(),
    ImportCommand.Create(),
    MigrateCommand.Create(),
};
return await CommandLine.Run(root, args);

namespace Clientele.Server
{
    /// <summary>The modules of this build, each after those it depends on.</summary>
    public static class Modules
    {
        public static IReadOnlyList<IModule> All { get; } = [new PlatformModule(), new CustomersModule(), new EventsModule(), new CommerceModule()];
    }
}
