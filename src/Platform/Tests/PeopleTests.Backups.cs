using System.Net;

namespace Clientele.Platform.Tests;

public sealed partial class PeopleTests
{
    [Fact]
    public async Task Backups_of_the_installation_are_for_the_organization_it_began_with()
    {
        await app.Service.Run($"update platform.installation set operated_by = {app.Alpha.OrganizationId}", Ct);
        await app.AddPerson("super@beta.example", app.Beta.OrganizationId!.Value, "super_admin");
        using var other = await app.SignIn("super@beta.example", "beta");
        foreach (var refused in (HttpResponseMessage[])[await other.GetAsync("api/backups", Ct), await other.PostAsync("api/backups", null, Ct), await other.PostAsync("api/backups/20260101T000000Z/test", null, Ct)])
        {
            Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
            Assert.Contains("not_an_operator", await refused.Content.ReadAsStringAsync(Ct), StringComparison.Ordinal);
        }
        Assert.Equal(HttpStatusCode.OK, (await app.Super.GetAsync("api/backups", Ct)).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await app.Admin.GetAsync("api/backups", Ct)).StatusCode);
    }
}
