using Clientele.Commerce.Imports;
using Clientele.Platform.Data;
using Clientele.Platform.Imports;
using Clientele.Platform.Problems;
using Clientele.Testing;
using Npgsql;

namespace Clientele.Commerce.Tests;

/// <summary>An import that is killed, paused, taken over, cancelled or undone loses nothing and repeats nothing.</summary>
public sealed class ImportLifeTests(ImportLifeTests.Database database) : IClassFixture<ImportLifeTests.Database>, IAsyncLifetime
{
    public sealed class Database : TestDatabase;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    // Orders of two lines each, interleaved, two of each customer: four groups of writing.
    private const int Orders = 176;

    private static readonly string file = Rig.Header + string.Concat(Enumerable.Range(0, 2 * Orders).Select(n =>
        $"{5000 + n % Orders},2024-05-{1 + n % 28:00} 10:00,P{n % 50},Product {n % 50},{1 + n % 3},1.25,{n % (Orders / 2)},France\n"));

    private static readonly decimal sum = Enumerable.Range(0, 2 * Orders).Sum(n => (1 + n % 3) * 1.25m);
    private static readonly Rig.Totals whole = new(Orders, 2 * Orders, sum, Orders, sum, Orders / 2, 0);

    public async ValueTask InitializeAsync()
    {
        await database.Db.Run($"delete from commerce.customer_orders", Ct);
        await database.Service.Run($"delete from commerce.product_months m where m.quantity = 0 and m.revenue = 0", Ct);
        await database.Db.Run($"delete from platform.imports", Ct);
        await database.Db.Run($"delete from customers.customers", Ct);
        await database.Service.Run($"insert into log.undone_batches (organization_id, batch_id) select distinct e.organization_id, e.batch_id from log.events e where e.batch_id is not null on conflict do nothing", Ct);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private enum Step { Stage, Write, Undo }

    /// <summary>The importer with something in the way of its steps: the hook is given each one and runs it, or does not.</summary>
    private sealed class Hooked(Func<Step, Func<Task>, Task> hook) : IImporter
    {
        private readonly OrderImporter inner = new(Rig.OrdersPerGroup);

        public string Kind => inner.Kind;
        public IReadOnlyList<string> Tables => [];
        public IReadOnlyList<ImportField> Fields => inner.Fields;
        public (object? Line, string? Problem) Parse(BoundMapping mapping, long number, IReadOnlyDictionary<string, object?> values) => inner.Parse(mapping, number, values);
        public IReadOnlyDictionary<string, string?> Describe(object line) => inner.Describe(line);
        public Task Check(Db db, BoundMapping mapping, CancellationToken ct) => inner.Check(db, mapping, ct);
        public Task Begin(Transaction t, BoundMapping mapping, CancellationToken ct) => inner.Begin(t, mapping, ct);
        public Task DropStaged(Transaction t, ImportJob job, CancellationToken ct) => inner.DropStaged(t, job, ct);
        public Task Stage(Transaction t, ImportJob job, IReadOnlyList<object> lines, CancellationToken ct) => hook(Step.Stage, () => inner.Stage(t, job, lines, ct));

        public async Task<WrittenGroup> WriteNext(Transaction t, ImportJob job, CancellationToken ct)
        {
            WrittenGroup? group = null;
            await hook(Step.Write, async () => group = await inner.WriteNext(t, job, ct));
            return group!;
        }

        public async Task<long> UndoNext(Transaction t, ImportJob job, CancellationToken ct)
        {
            var taken = 0L;
            await hook(Step.Undo, async () => taken = await inner.UndoNext(t, job, ct));
            return taken;
        }
    }

    /// <summary>Fails at the given step, as a killed connection does.</summary>
    private static Hooked Dying(int atStep, bool afterWork)
    {
        var steps = 0;
        return new Hooked(async (_, work) =>
        {
            var dies = ++steps == atStep;
            if (dies && !afterWork) throw new OperationCanceledException("killed");
            await work();
            if (dies) throw new OperationCanceledException("killed");
        });
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(1, true)]
    [InlineData(2, true)]
    [InlineData(3, false)]
    [InlineData(5, true)]
    public async Task Killed_at_any_step_it_completes_with_the_same_totals(int step, bool afterWork)
    {
        var id = await Rig.Queue(database, database.Alpha, file);
        using var killed = new CancellationTokenSource();
        await killed.CancelAsync();
        await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            await Rig.Worker(database, Dying(step, afterWork)).RunNext(Ct, id);
            // The engine reports an unexpected failure on the import; a kill would not have let it.
            if ((await ImportCommands.Get(database.Db, id, Ct)).State == "failed") throw new InvalidOperationException("failed");
        });
        await Revive(id);

        while (await Rig.Worker(database).RunNext(Ct, id)) { }

        Assert.Equal("completed", (await ImportCommands.Get(database.Db, id, Ct)).State);
        Assert.Equal(whole, await Rig.Count(database, database.Alpha));
    }

    // A killed worker leaves a lease that has run out, and the state it was in.
    private async Task Revive(Guid id)
    {
        await using var connection = await database.OpenSuperuser();
        await connection.Run("""
            alter table platform.imports disable trigger state_follows;
            update platform.imports set worker = null, leased_until = now() - interval '1 second', problem = null,
                state = case when state = 'failed' then case when staged = 0 or lines_read < lines then 'reading' else 'writing' end else state end;
            alter table platform.imports enable trigger state_follows
            """);
    }

    [Fact]
    public async Task A_paused_worker_whose_import_was_taken_over_writes_nothing()
    {
        var id = await Rig.Queue(database, database.Alpha, file);
        var gate = new TaskCompletionSource();
        var entered = new TaskCompletionSource();
        var pausing = new Hooked(async (step, work) =>
        {
            if (step == Step.Stage)
            {
                entered.TrySetResult();
                await gate.Task;
            }
            await work();
        });
        var paused = Rig.Worker(database, pausing).RunNext(Ct, id);
        await entered.Task;
        await database.Service.Run($"update platform.imports i set leased_until = now() - interval '1 second' where i.id = {id}", Ct);

        while (await Rig.Worker(database).RunNext(Ct, id)) { }
        gate.SetResult();
        await paused;

        Assert.Equal(whole, await Rig.Count(database, database.Alpha));
        Assert.Equal("completed", (await ImportCommands.Get(database.Db, id, Ct)).State);
    }

    [Fact]
    public async Task Eight_workers_at_once_do_the_work_once()
    {
        var id = await Rig.Queue(database, database.Alpha, file);

        await Task.WhenAll(Enumerable.Range(0, 8).Select(async _ => { while (await Rig.Worker(database).RunNext(Ct, id)) { } }));

        Assert.Equal(whole, await Rig.Count(database, database.Alpha));
    }

    [Fact]
    public async Task Undo_takes_everything_back_and_the_file_can_come_again()
    {
        await Rig.Import(database, database.Beta, Rig.Header + "5000,2024-01-01 10:00,Z,Other,1,999.00,17,Peru\n");
        var others = await Rig.Count(database, database.Beta);
        var id = (await Rig.Import(database, database.Alpha, file)).Id;
        await Rig.CatchUp(database);
        Assert.Equal(whole.Sum, await Revenue());

        await ImportCommands.Undo(database.Db, id, Ct);
        while (await Rig.Worker(database).RunNext(Ct, id)) { }
        await Rig.CatchUp(database);

        Assert.Equal("undone", (await ImportCommands.Get(database.Db, id, Ct)).State);
        Assert.Equal(new Rig.Totals(0, 0, 0, 0, 0, 0, 0), await Rig.Count(database, database.Alpha));
        Assert.Equal(0m, await Revenue());
        Assert.Equal(others, await Rig.Count(database, database.Beta));

        await Rig.Import(database, database.Alpha, file);
        await Rig.CatchUp(database);
        Assert.Equal(whole, await Rig.Count(database, database.Alpha));
        Assert.Equal(whole.Sum, await Revenue());
    }

    [Fact]
    public async Task Undo_keeps_customers_who_ordered_elsewhere()
    {
        var first = await Rig.Import(database, database.Alpha, Rig.Header + "1,2024-01-01 10:00,Z,Cup,1,9.00,alice,Peru\n2,2024-01-01 10:00,Z,Cup,1,9.00,bob,Peru\n");
        await Rig.Import(database, database.Alpha, Rig.Header + "3,2024-01-02 10:00,Z,Cup,1,5.00,bob,Peru\n");

        await ImportCommands.Undo(database.Db, first.Id, Ct);
        while (await Rig.Worker(database).RunNext(Ct, first.Id)) { }
        await Rig.CatchUp(database);

        Assert.Equal(["bob"], await database.Db.List<string>($"select c.customer_id from customers.customers c", Ct));
        Assert.Equal(5m, await Revenue());
    }

    [Fact]
    public async Task Undo_leaves_no_monthly_sums_of_nothing()
    {
        await Rig.Import(database, database.Beta, Rig.Header + "1,2024-01-01 10:00,Z,Other,1,999.00,17,Peru\n");
        // Beta's is nothing too, but not alpha's to remove.
        await database.For(database.Beta).Run($"delete from commerce.customer_orders", Ct);
        await Rig.Import(database, database.Alpha, Rig.Header + "1,2024-01-01 10:00,Z,Cup,1,9.00,alice,Peru\n");
        var first = await Rig.Import(database, database.Alpha, Rig.Header + "2,2024-01-01 10:00,Z,Cup,2,9.00,bob,Peru\n3,2024-01-01 10:00,Gift,Gift,1,0,bob,Peru\n4,2024-02-01 10:00,Y,Plate,1,5.00,bob,Peru\n");

        await ImportCommands.Undo(database.Db, first.Id, Ct);
        while (await Rig.Worker(database).RunNext(Ct, first.Id)) { }

        // The product that is left, in the month that is left.
        Assert.Equal(["2024-01-01 Z 1 9.00"], await database.Db.List<string>($"select concat_ws(' ', m.month, m.product_id, m.quantity, m.revenue) from commerce.product_months m", Ct));
        Assert.Equal(0, await database.Db.One<long>($"select count(*) from commerce.product_drift()", Ct));
        Assert.True(await database.For(database.Beta).One<bool>($"select exists (select from commerce.product_months m where m.quantity = 0)", Ct));
    }

    [Fact]
    public async Task Customers_of_two_undone_imports_are_gone()
    {
        var first = await Rig.Import(database, database.Alpha, Rig.Header + "1,2024-01-01 10:00,Z,Cup,1,9.00,bob,Peru\n");
        var second = await Rig.Import(database, database.Alpha, Rig.Header + "2,2024-01-02 10:00,Z,Cup,1,5.00,bob,Peru\n");
        foreach (var id in new[] { first.Id, second.Id })
        {
            await ImportCommands.Undo(database.Db, id, Ct);
            while (await Rig.Worker(database).RunNext(Ct, id)) { }
        }
        Assert.Empty(await database.Db.List<string>($"select c.customer_id from customers.customers c", Ct));
    }

    [Fact]
    public async Task Two_files_with_the_same_orders_at_once_both_finish()
    {
        var ids = new List<Guid> { await Rig.Queue(database, database.Alpha, file), await Rig.Queue(database, database.Alpha, file + "9999,2024-05-01 10:00,P,Product,1,1.25,1,France\n") };

        await Task.WhenAll(ids.Select(id => Task.Run(async () => { while (await Rig.Worker(database).RunNext(Ct, id)) { } }, Ct)));

        var imports = new List<ImportView>();
        foreach (var id in ids) imports.Add(await ImportCommands.Get(database.Db, id, Ct));
        Assert.All(imports, i => Assert.Equal("completed", i.State));
        Assert.Equal(Orders + 1, imports.Sum(i => i.Made("orders")));
        Assert.All(imports, i => Assert.Equal(i.LinesRead, i.Accepted + i.Rejected + i.Duplicates));
    }

    [Fact]
    public async Task Cancel_stops_and_what_was_written_can_be_undone_or_gone_on_with()
    {
        var id = await Rig.Queue(database, database.Alpha, file);
        var groups = 0;
        var worker = Rig.Worker(database, new Hooked(async (step, work) =>
        {
            if (step == Step.Write && ++groups == 3) await ImportCommands.Cancel(database.Db, id, Ct);
            await work();
        }));
        while (await worker.RunNext(Ct, id)) { }

        var cancelled = await ImportCommands.Get(database.Db, id, Ct);
        var partly = await Rig.Count(database, database.Alpha);
        Assert.Equal("cancelled", cancelled.State);
        Assert.InRange(partly.Documents, 1, Orders - 1);
        Assert.Equal(0, partly.Staged);

        // With another mapping the file would be read in two ways.
        var other = Rig.Mapping() with { Format = Rig.Mapping().Format! with { TimeZone = "Asia/Tokyo" } };
        Assert.Equal("mapping_changed", (await Assert.ThrowsAsync<Problem>(() => ImportCommands.Start(database.Db, [new OrderImporter()], id, other, Ct))).Code);
        await ImportCommands.Start(database.Db, [new OrderImporter()], id, Rig.Mapping(), Ct);
        while (await Rig.Worker(database).RunNext(Ct, id)) { }
        var done = await ImportCommands.Get(database.Db, id, Ct);
        Assert.Equal(("completed", 2L * Orders, 0L), (done.State, done.Accepted + done.Duplicates, done.Rejected));
        Assert.Equal(whole, await Rig.Count(database, database.Alpha));
    }

    [Fact]
    public async Task Every_line_is_accounted_for()
    {
        var import = await Rig.Import(database, database.Alpha, file + "x,y\n");
        Assert.Equal(2 * Orders + 1, import.LinesRead);
        Assert.Equal(import.LinesRead, import.Accepted + import.Rejected + import.Duplicates);
        Assert.Equal(import.Accepted, (await Rig.Count(database, database.Alpha)).Lines);
    }

    [Fact]
    public async Task States_change_only_along_the_allowed_lines()
    {
        var id = (await Rig.Import(database, database.Alpha, Rig.Header + "1,2024-01-01 10:00,Z,Cup,1,9.00,a,Peru\n")).Id;
        var error = await Assert.ThrowsAsync<PostgresException>(() => database.Db.Run($"update platform.imports i set state = 'reading' where i.id = {id}", Ct));
        Assert.Equal("CL001", error.SqlState);
        Assert.Equal("import_not_running", (await Assert.ThrowsAsync<Problem>(() => ImportCommands.Cancel(database.Db, id, Ct))).Code);
    }

    private Task<decimal> Revenue() => database.Db.One<decimal>($"select coalesce(sum(f.total_revenue), 0) from customers.customer_figures f", Ct);
}
