using Microsoft.Extensions.DependencyInjection;
using WanSharp.Engine;
using WanSharp.Engine.Requests;
using WanSharp.Testing;

namespace WanSharp.Hosting.Tests;

public sealed class AddWanSharpTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task AddWanSharp_GivesAGeneratorThatMakesAClip()
    {
        TinyModel.Write(_folder["tiny"]);
        using var services = new ServiceCollection()
            .AddWanSharp(
                new EngineSettings { Model = _folder["tiny"], Provider = "cpu" },
                new HostOptions { CacheFolder = _folder["cache"] }
            )
            .BuildServiceProvider();

        var generator = services.GetRequiredService<IVideoGenerator>();
        var frames = new FrameList();
        var plan = generator.Plan(
            new GenerationRequest
            {
                Prompt = "a",
                Width = 32,
                Height = 32,
                Frames = 5,
                Steps = 1,
            }
        );
        await generator.GenerateAsync(plan, frames, cancellationToken: TestContext.Current.CancellationToken);

        Assert.Same(generator, services.GetRequiredService<EngineHost>().Generator);
        Assert.Equal(5, frames.Frames.Count);
    }

    [Fact]
    public void Open_OfAProviderThatIsNotThere_NamesThoseThatAre()
    {
        TinyModel.Write(_folder["tiny"]);
        var host = new WanHost(new HostOptions { CacheFolder = _folder["cache"] });

        var error = Assert.Throws<Tensors.InvalidRequestException>(() =>
            EngineHost.Open(host, new EngineSettings { Model = _folder["tiny"], Provider = "abacus" })
        );

        Assert.Contains("cpu", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("cpu")]
    [InlineData("CPU")]
    [InlineData("CPUExecutionProvider")]
    public void SettingsFor_TheCpuByAnyOfItsNames_IsTheSame(string name)
    {
        var host = new WanHost(new HostOptions { CacheFolder = _folder["cache"] });
        using var runtime = host.OpenRuntime(threads: 1);

        var settings = host.SettingsFor(runtime, name, new Dictionary<string, string>());

        Assert.Equal("cpu", settings.Provider);
    }

    [Fact]
    public void FromEnvironment_ReadsEachVariable()
    {
        var variables = new Dictionary<string, string>
        {
            ["WAN_MODELS"] = $"a{Path.PathSeparator}b",
            ["WAN_CACHE"] = "cache",
            ["WAN_ONNXRUNTIME"] = "ort",
            ["WAN_FFMPEG"] = "ff",
            ["XDG_CONFIG_HOME"] = "config",
        };

        var options = HostOptions.FromEnvironment(variables.GetValueOrDefault);

        Assert.Equal(["a", "b"], options.ModelFolders);
        Assert.Equal(
            ("cache", "ort", "ff", Path.Combine("config", "wansharp")),
            (options.CacheFolder, options.OnnxRuntimeLibrary, options.Ffmpeg, options.ConfigFolder)
        );
    }
}
