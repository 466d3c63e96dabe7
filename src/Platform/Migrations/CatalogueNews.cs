namespace Clientele.Platform.Migrations;

/// <summary>
/// How it becomes known that tables and views have changed. What Clientele changes itself it tells; what somebody changes by
/// hand is told by an event trigger, which only a superuser can make: on a private server there is one, elsewhere
/// <see cref="Trigger"/> says how.
/// </summary>
public static class CatalogueNews
{
    /// <summary>Notified, without words, in the transaction that changes something.</summary>
    public const string Channel = "clientele_catalogue";

    /// <summary>What a superuser runs in the database. Temporary tables are nobody else's business.</summary>
    public const string Trigger = $"""
        create or replace function public.{Channel}() returns event_trigger
            language plpgsql set search_path = pg_catalog, pg_temp
            as $$
        declare
            told int;
            ours int;
        begin
            select count(*), count(*) filter (where c.schema_name is distinct from 'pg_temp') into told, ours from pg_event_trigger_ddl_commands() c;
            -- What is dropped is not among them.
            if told = 0 or ours > 0 then
                notify {Channel};
            end if;
        end
        $$;
        comment on function public.{Channel}() is 'Event trigger: tells the Data API that tables or views have changed.';
        drop event trigger if exists {Channel};
        create event trigger {Channel} on ddl_command_end execute function public.{Channel}();
        """;
}
