using WanSharp.Engine;
using WanSharp.Engine.Decoding;
using WanSharp.Engine.Planning;
using WanSharp.Engine.Strategies;
using WanSharp.Hosting.Batches;
using WanSharp.Jobs.Storage;
using WanSharp.Models;
using WanSharp.Runtime;
using WanSharp.Runtime.Networks;
using WanSharp.Testing;

namespace WanSharp.Hosting.Tests.Batches;

/// <summary>What a batch, a film or a server keeps of what makes its clips.</summary>
public sealed class BackendSettingsTests : IDisposable
{
    /// <summary>No clip depends on these: each run says them anew.</summary>
    private static readonly string[] OfEachRun =
    [
        nameof(EngineSettings.Memory),
        nameof(EngineSettings.HostMemory),
        nameof(EngineSettings.KeepsFeatures),
        nameof(EngineSettings.ProfilePrefix),
    ];

    private static readonly EngineSettings Unusual = new()
    {
        Model = "other",
        Parts = new NamedParts { Vae = "/vae.safetensors" },
        Provider = "cpu",
        ProviderOptions = new Dictionary<string, string> { ["device_id"] = "1" },
        Precision = Precision.EightBit,
        Compile = new CompileChoice(CompileMode.Whole, CompileTuning.ReduceOverhead, Dynamic: true),
        Threads = 3,
        Options = new EngineOptions
        {
            VaeTile = VaeTileChoice.Of(384, 256),
            LoraMode = LoraMode.Merged,
            BatchSize = 2,
            Lanes = 3,
        },
    };

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Load_OfAnEngineThatIsUnusualInEverything_IsTheSame()
    {
        var folder = JobFolder.Create(_folder["out"]);
        new BackendSettings { Engine = Unusual }.Save(folder);

        var kept = BackendSettings.Load(folder).Engine;

        foreach (var property in typeof(EngineSettings).GetProperties().Where(property => !OfEachRun.Contains(property.Name)))
        {
            Assert.NotEqual(property.GetValue(new EngineSettings()), property.GetValue(Unusual));
            if (property.Name is not (nameof(EngineSettings.Options) or nameof(EngineSettings.ProviderOptions)))
            {
                Assert.Equal(property.GetValue(Unusual), property.GetValue(kept));
            }
        }

        Assert.Equal(Unusual.ProviderOptions, kept.ProviderOptions);
        var (options, wanted) = (kept.Options, Unusual.Options);
        Assert.Equal((wanted.VaeTile, wanted.LoraMode), (options.VaeTile, options.LoraMode));
        Assert.Equal((wanted.BatchSize, wanted.Lanes), (options.BatchSize, options.Lanes));
    }

    [Fact]
    public void KeepingOf_AFolder_TakesWhatWasLeftOpenFromIt()
    {
        var folder = JobFolder.Create(_folder["out"]);
        new BackendSettings { Engine = Unusual }.Save(folder);
        var open = new BackendSettings { Engine = new EngineSettings() };
        var given = new BackendSettings { Engine = new EngineSettings { Precision = Precision.Full } };

        Assert.Equal(Precision.EightBit, open.KeepingOf(_folder["out"]).Engine.Precision);
        Assert.Equal(Precision.Full, given.KeepingOf(_folder["out"]).Engine.Precision);
        Assert.Null(open.KeepingOf(_folder["nowhere"]).Engine.Precision);
    }

    /// <summary>A batch of an earlier version goes on: it was made in floats, with tiles where memory asked for them.</summary>
    [Fact]
    public void Load_OfAnEarlierVersion_SaysWhatThatDid()
    {
        var folder = JobFolder.Create(_folder["out"]);
        File.WriteAllText(
            folder.Settings("batch.json"),
            """{"model": "shapes", "provider": "cpu", "precision": "None", "lora_mode": "Merged", "workers": 2}"""
        );

        var engine = BackendSettings.Load(folder).Engine;

        Assert.Equal(
            ("shapes", Precision.Full, LoraMode.Merged, 2),
            (engine.Model, engine.Precision, engine.Options.LoraMode, engine.Options.Lanes)
        );
        Assert.Equal(VaeTileChoice.Auto, engine.Options.VaeTile);
    }
}
