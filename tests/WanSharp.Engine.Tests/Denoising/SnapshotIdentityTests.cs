using System.Collections;
using System.Globalization;
using System.Reflection;
using WanSharp.Engine.Decoding;
using WanSharp.Engine.Planning;
using WanSharp.Engine.Requests;
using WanSharp.Engine.Scheduling;
using WanSharp.Graphs;
using WanSharp.Runtime;
using WanSharp.Runtime.Networks;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Engine.Tests.Denoising;

/// <summary>Snapshots and finished clips are known by a plan's identity: whatever changes the clip must be in it.</summary>
public sealed class SnapshotIdentityTests(TinyEngine engine)
{
    /// <summary>What does not change a clip: names, files, memory.</summary>
    private static readonly string[] Harmless =
    [
        nameof(SessionSettings.Name), nameof(SessionSettings.MemoryPattern), nameof(SessionSettings.Dimensions), nameof(SessionSettings.OptimizedModelPath),
        nameof(SessionSettings.ExternalDataFolder), nameof(SessionSettings.ProfilePathPrefix),
        nameof(TransformerOptions.CacheFolder), nameof(TransformerOptions.WeightsFolder),
    ];

    private readonly GenerationPlan _plan = PlanOf(engine, new EngineOptions());

    [Fact]
    public void Of_WithAnySettingChanged_IsAnother()
    {
        var known = new HashSet<string> { Identity(_plan) };
        foreach (var (settings, name) in Changed(_plan.Settings with { }))
        {
            Assert.True(known.Add(Identity(_plan with { Settings = settings })), name);
        }
    }

    [Fact]
    public void Of_WithAnyOptionOfWhatComputesChanged_IsAnother()
    {
        var known = new HashSet<string> { Identity(_plan) };
        foreach (var (session, name) in Changed(new SessionSettings()))
        {
            Assert.True(known.Add(Identity(_plan, session)), name);
        }

        foreach (var (transformer, name) in Changed(new TransformerOptions()))
        {
            Assert.True(known.Add(Identity(_plan, transformer: transformer)), name);
        }
    }

    [Fact]
    public void Plan_ForTiles_IsAnother()
    {
        var tiled = PlanOf(engine, new EngineOptions { VaeTile = VaeTileChoice.Of(48, 48) });
        Assert.NotNull(tiled.VaeTiles);
        Assert.NotEqual(_plan.Identity, tiled.Identity);
        Assert.Equal(_plan.Identity, PlanOf(engine, new EngineOptions { BatchSize = 2 }).Identity);
    }

    private static GenerationPlan PlanOf(TinyEngine engine, EngineOptions options)
    {
        using var generator = new VideoGenerator(engine.Model, engine.Runtime, new SessionSettings(), options: options);
        return generator.Plan(new GenerationRequest { Prompt = "a red circle", Width = 96, Height = 96 });
    }

    private string Identity(GenerationPlan plan, SessionSettings? session = null, TransformerOptions? transformer = null) =>
        new SnapshotIdentity(engine.Runtime, session ?? new SessionSettings(), transformer).Of(plan);

    /// <summary>Copies that differ in one property each, for all properties that may be set.</summary>
    private static IEnumerable<(T Changed, string Name)> Changed<T>(T original)
        where T : class
    {
        var clone = typeof(T).GetMethod("<Clone>$")!;
        foreach (var property in typeof(T).GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.SetMethod is not null && !Harmless.Contains(property.Name)))
        {
            var copy = (T)clone.Invoke(original, null)!;
            property.SetValue(copy, Another(property.GetValue(original), property.PropertyType));
            yield return (copy, property.Name);
        }
    }

    private static object Another(object? value, Type type) => value switch
    {
        string text => text + "!",
        bool flag => !flag,
        int number => number + 1,
        long number => number + 1,
        ulong number => number + 1,
        float number => number + 1,
        double number => number + 1,
        CompileMode => CompileMode.Whole,
        Quantization => Quantization.EightBit,
        GraphOptimization => GraphOptimization.None,
        DType => DType.F16,
        null when type == typeof(ReusedSteps) => new ReusedSteps("another", 1, 1),
        ExecutionSettings execution => execution with { Precision = execution.Precision + "!" },
        IDictionary => new Dictionary<string, string> { ["another"] = "1" },
        IReadOnlyList<GenerationSettings.EmbeddedImage> => new[] { new GenerationSettings.EmbeddedImage(0, "12") },
        null when Nullable.GetUnderlyingType(type) is { } number => Convert.ChangeType(1, number, CultureInfo.InvariantCulture),
        _ => throw new NotSupportedException($"Say how to change a {type}, and whether it is in the identity."),
    };
}
