using System.CommandLine;
using Clientele.Platform.Audit;
using Clientele.Platform.Data;
using Clientele.Platform.Secrets;
using Clientele.Platform.Tenancy;

namespace Clientele.Server.Commands;

/// <summary>clientele audit verify: holds the audit trail against its seals.</summary>
internal static class AuditCommand
{
    private sealed record Organization(Guid Id, string Slug);

    public static Command Create()
    {
        var (data, database) = (Options.Data(), Options.Database());
        var slug = new Option<string?>("--organization") { Description = "Only this one: the word in the console's address.", HelpName = "SLUG" };
        var head = new Option<string?>("--head") { Description = "A head that was noted down earlier: it must be in the chain. With --organization.", HelpName = "HASH" };
        head.Validators.Add(r => { if (r.GetValue(slug) is null) r.AddError("A head is one organization's: name it with --organization."); });
        var verify = new Command("verify", "Find entries of the audit trail that were changed, removed, inserted or moved.") { slug, head, data, database };
        verify.SetAction(async (parsed, ct) =>
        {
            using var loggers = LogLines.OfCommand();
            await using var home = await DatabaseHome.Attach(parsed.GetValue(database), parsed.GetValue(data)!, loggers, ct);
            var chosen = parsed.GetValue(slug) is { } one ? await Options.FindOrganization(home.Databases, one, ct) : (Guid?)null;
            var organizations = await new Db(home.Databases.Service, Tenant.None).List<Organization>($"""
                select o.id, o.slug from platform.organizations o where {chosen}::uuid is null or o.id = {chosen} order by o.slug
                """, ct);
            var verifier = new AuditVerifier(home.Databases, KeyRing.Exists(parsed.GetValue(data)!) ? KeyRing.Open(parsed.GetValue(data)!) : KeyRing.Temporary());
            var good = true;
            foreach (var organization in organizations)
            {
                var report = await verifier.Verify(organization.Id, parsed.GetValue(head)?.ToLowerInvariant(), ct);
                good &= report.Faults.Count == 0 && report.HasExpectedHead;
                Print(organization.Slug, report);
            }
            return good ? 0 : CommandLine.Failed;
        });
        return new Command("audit", "The audit trail.") { verify };
    }

    private static void Print(string slug, AuditVerifier.Report report)
    {
        Console.WriteLine($"{slug}: {report.Entries:N0} entries in {report.Blocks:N0} blocks, {report.Unsealed:N0} not sealed yet; {(report.Faults.Count == 0 ? "as they were sealed" : $"{report.Faults.Count:N0} FAULTS")}");
        if (report.Head is not null) Console.WriteLine($"  head {report.Head}");
        if (report.Unsigned > 0) Console.WriteLine($"  {report.Unsigned:N0} blocks are signed with keys that are not in this ring: their signatures were not looked at. Name the data folder with --data, or set {KeyRing.Variable}.");
        if (!report.HasExpectedHead) Console.WriteLine("  The head you named is not in the chain: the trail was cut off or made anew.");
        foreach (var fault in report.Faults.Take(100)) Console.WriteLine($"  block {fault.Block}: {Words(fault)}");
        if (report.Faults.Count > 100) Console.WriteLine($"  and {report.Faults.Count - 100:N0} more");
    }

    private static string Words(AuditVerifier.Fault fault) => fault.Kind switch
    {
        "changed" => $"the entry {fault.Entry} was changed",
        "removed" => $"the entry {fault.Entry} was removed",
        "inserted" => $"the entry {fault.Entry} was inserted afterwards",
        "reordered" => $"the entry {fault.Entry} was moved",
        "emptied" => $"the values of the entry {fault.Entry} were emptied, and no erasure says so",
        "seal" => "the seal was changed",
        "signature" => "the seal is not signed by this server's keys",
        _ => "the block before it is missing or another one",
    };
}
