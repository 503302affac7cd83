using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using WanSharp.Engine;
using WanSharp.Hosting;
using WanSharp.Hosting.Outputs;
using WanSharp.Runtime.Memory;
using WanSharp.Server.Events;
using WanSharp.Server.Http;
using WanSharp.Server.Security;
using WanSharp.Server.Work;

namespace WanSharp.Server.Page;

/// <summary>What the server does and holds, and the models around it.</summary>
internal sealed class SystemRoutes(
    ServerOptions options,
    WanHost host,
    VideoQueue queue,
    QueueRunner runner,
    BackendHolder holder,
    EventHub hub,
    TimeProvider clock
) : IRoutes
{
    private readonly long _started = clock.GetTimestamp();
    private List<ProviderOutput>? _providers;

    /// <inheritdoc/>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes
            .MapGet("/v1/system", SystemAsync)
            .WithMetadata(new Needs(KeyScope.Admin))
            .Describe("Memory, lanes, caches and providers.")
            .Sends("application/json");
        routes
            .MapGet("/v1/models/known", ModelsAsync)
            .WithMetadata(new TellsKeysApart()) // there is nothing of anybody in it
            .Describe("The models that are known here.")
            .Sends("application/json");
    }

    private Task SystemAsync(HttpContext context)
    {
        var (backend, memory) = (holder.Opened, HostMemoryFacts.Read());
        var room = new DriveInfo(Path.GetFullPath(options.DataFolder));
        return context.SendAsync(
            new SystemObject(
                typeof(SystemRoutes).Assembly.GetName().Version!.ToString(3),
                queue.Model,
                backend is not null,
                Math.Round(clock.GetElapsedTime(_started).TotalSeconds),
                runner.Trouble,
                hub.Listeners,
                new MachineObject(Environment.ProcessorCount, memory.Total, memory.Free, Environment.WorkingSet, room.AvailableFreeSpace),
                backend?.Statistics is { } statistics ? Describe(statistics) : null,
                Caches(),
                Providers(backend?.Statistics is not null)
            ),
            PageJson.Readable.SystemObject
        );
    }

    private static EngineObject Describe(EngineStatistics statistics) =>
        new(
            statistics.Clips,
            statistics.Steps,
            statistics.SkippedSteps,
            statistics.BatchSize,
            statistics.FeatureHits,
            statistics.FeatureMisses,
            new LanesOutput(
                statistics
                    .Busy.OrderBy(stage => stage.Key)
                    .ToDictionary(stage => stage.Key.ToString().ToLowerInvariant(), stage => Math.Round(stage.Value.TotalSeconds, 2)),
                Math.Round(statistics.Idle.TotalSeconds, 2)
            ),
            MemoryOutput.From(statistics.Memory)
        );

    private Dictionary<string, CacheSectionOutput> Caches() =>
        host
            .Caches.Statistics()
            .ToDictionary(
                section => section.Section,
                section => new CacheSectionOutput(
                    section.Statistics.Entries,
                    section.Statistics.Bytes,
                    section.Statistics.MaximumBytes,
                    section.Statistics.OldestUse?.ToString("O", CultureInfo.InvariantCulture),
                    section.Statistics.Hits,
                    section.Statistics.Misses,
                    section.Statistics.Damaged,
                    section.Statistics.Evicted
                )
            );

    /// <summary>What can compute here. The library's threads are the engine's: before that is open there is nothing to ask.</summary>
    private List<ProviderOutput> Providers(bool isOpen) => isOpen ? _providers ??= FindProviders() : [];

    private List<ProviderOutput> FindProviders()
    {
        using var runtime = host.OpenRuntime(options.Backend.Engine.Threads);
        return [.. host.Providers(runtime).Select(fact => ProviderOutput.From(fact, host.FindTrials(runtime, fact)))];
    }

    private Task ModelsAsync(HttpContext context)
    {
        var models = host.HubModels;
        var own = host
            .Models.Names()
            .Select(name => new KnownModelObject(name, About: null, Model: true, Files: 0, Missing: [], Presets: [], Pull: null));
        var aliases = models.Aliases.All.Select(alias =>
        {
            var files = models.Look(alias);
            List<string> missing = [.. files.Where(file => file.Path is null).Select(file => file.File)];
            return new KnownModelObject(
                alias.Name,
                alias.What,
                alias.Model is not null,
                files.Count,
                missing,
                alias.Presets,
                missing.Count > 0 ? $"wan models pull {alias.Name}" : null
            );
        });
        return context.SendAsync(new KnownModelsObject(queue.Model, [.. own, .. aliases]), PageJson.Readable.KnownModelsObject);
    }
}
