using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using WanSharp.Engine;
using WanSharp.Engine.Requests;
using WanSharp.Runtime;
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
    public async Task AddWanSharp_SendsWhatOnnxRuntimeSaysToTheProgramsLog()
    {
        TinyModel.Write(_folder["tiny"]);
        var log = new ListLog();
        using (
            var services = new ServiceCollection()
                .AddSingleton<ILoggerFactory>(log)
                .AddWanSharp(
                    new EngineSettings { Model = _folder["tiny"], Provider = "cpu" },
                    new HostOptions { CacheFolder = _folder["cache"], RuntimeLogLevel = OrtLogLevel.Info }
                )
                .BuildServiceProvider()
        )
        {
            var generator = services.GetRequiredService<IVideoGenerator>();
            await generator.ExpectAsync(generator.Plan(new GenerationRequest { Prompt = "a" }), TestContext.Current.CancellationToken);
        }

        Assert.Contains(log.Lines, line => line.StartsWith("WanSharp.OnnxRuntime Debug ONNX Runtime, ", StringComparison.Ordinal));
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

    /// <summary>Keeps what is logged: category, level, message.</summary>
    private sealed class ListLog : ILoggerFactory
    {
        public ConcurrentQueue<string> Lines { get; } = [];

        public ILogger CreateLogger(string categoryName) => new Category(categoryName, Lines);

        public void AddProvider(ILoggerProvider provider) { }

        public void Dispose() { }

        private sealed class Category(string name, ConcurrentQueue<string> lines) : ILogger
        {
            public IDisposable? BeginScope<TState>(TState state)
                where TState : notnull => null;

            public bool IsEnabled(LogLevel logLevel) => true;

            public void Log<TState>(
                LogLevel logLevel,
                EventId eventId,
                TState state,
                Exception? exception,
                Func<TState, Exception?, string> formatter
            ) => lines.Enqueue($"{name} {logLevel} {formatter(state, exception)}");
        }
    }
}
