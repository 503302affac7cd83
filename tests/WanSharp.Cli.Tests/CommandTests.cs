using System.Text.Json;
using WanSharp.Testing;

namespace WanSharp.Cli.Tests;

/// <summary>What commands print when all goes well.</summary>
public sealed class CommandTests : IDisposable
{
    private static readonly string[] Tiny = ["--size", "32x32", "--frames", "5", "--steps", "2"];

    private static string[] Quick => ["--model", QuickModel.Path, .. Tiny];

    private readonly TemporaryFolder _folder = new();

    [Fact]
    public async Task GenerateThenInspect_AsJson_AgreeOnTheSettings()
    {
        var clip = _folder["clip.mp4"];
        var generated = await RunAsync(
            ["generate", "-", .. Quick, "-o", clip, "--seed", "7", "--negative", "-模糊", "--guidance", "1.5", "--json"],
            input: "一个\"红色\"圆形\n向左移动\n"
        );
        var inspected = await RunAsync(["inspect", clip, "--json"]);

        using var report = OneLineOfJson(generated.Out);
        using var settings = OneLineOfJson(inspected.Out);
        Assert.Equal(clip, report.RootElement.GetProperty("path").GetString());
        Assert.Equal(settings.RootElement.GetRawText(), report.RootElement.GetProperty("settings").GetRawText());
        Assert.Equal("一个\"红色\"圆形\n向左移动", settings.RootElement.GetProperty("prompt").GetString());
        Assert.Equal("-模糊", settings.RootElement.GetProperty("negative_prompt").GetString());
        Assert.Equal(7, settings.RootElement.GetProperty("seed").GetInt32());
        Assert.Equal(["clip.mp4"], _folder.Entries);
    }

    [Fact]
    public async Task Generate_InAStyle_TakesWhatTheCommandLeavesOpen()
    {
        File.WriteAllText(
            _folder["mine.json"],
            """{ "slow": { "prompt": "slowly: {prompt}", "negative": "haste", "settings": { "guidance": 1, "steps": 9 } } }"""
        );

        var run = await RunAsync([
            "generate",
            "a star",
            .. Quick,
            "--style",
            "Slow",
            "--styles-file",
            _folder["mine.json"],
            "-o",
            _folder["clip.gif"],
            "--json",
        ]);

        using var report = OneLineOfJson(run.Out);
        var settings = report.RootElement.GetProperty("settings");
        Assert.Equal("slowly: a star", settings.GetProperty("prompt").GetString());
        Assert.Equal("haste", settings.GetProperty("negative_prompt").GetString());
        Assert.Equal(1, settings.GetProperty("guidance_scale").GetDouble());
        Assert.Equal(2, settings.GetProperty("steps").GetInt32());
    }

    [Fact]
    public async Task Generate_OfTheWholeNetwork_BeginsWithBlocks_AndLeavesTheGraphForTheNext()
    {
        using var first = OneLineOfJson((await GenerateAsync("first.gif")).Out);
        Assert.Single(Directory.GetFiles(Path.Combine(_folder["cache"], "graphs"), "graph.onnx", SearchOption.AllDirectories));
        using var second = OneLineOfJson((await GenerateAsync("second.gif")).Out);

        Assert.Equal("blocks", first.RootElement.GetProperty("compile").GetString());
        Assert.Equal("whole", second.RootElement.GetProperty("compile").GetString());
        Assert.Equal(1, second.RootElement.GetProperty("graphs").GetProperty("loads").GetInt32());

        async Task<CommandLineRun> GenerateAsync(string file)
        {
            var run = await CommandLineRun.RunAsync(
                ["generate", "a star", .. Tiny, "--compile", "whole", "-o", _folder[file], "--json"],
                variables: new Dictionary<string, string>
                {
                    ["WAN_CACHE"] = _folder["cache"],
                    ["PATH"] = Environment.GetEnvironmentVariable("PATH")!,
                },
                cancellationToken: TestContext.Current.CancellationToken
            );
            Assert.True(run.ExitCode == ExitCode.Done, run.Error);
            return run;
        }
    }

    [Fact]
    public async Task CacheStats_AfterTwoProcesses_TellsWhatBothCompiled()
    {
        using var first = OneLineOfJson((await GenerateAsync()).Out);
        using var second = OneLineOfJson((await GenerateAsync()).Out);
        using var stats = OneLineOfJson((await WithCacheAsync("cache", "stats", "--json")).Out);
        var text = await WithCacheAsync("cache", "stats");

        var (one, two, all) = (
            first.RootElement.GetProperty("graphs"),
            second.RootElement.GetProperty("graphs"),
            stats.RootElement.GetProperty("graphs")
        );
        Assert.True(one.GetProperty("misses").GetInt32() > 0);
        Assert.Contains(
            one.GetProperty("by_graph").EnumerateArray(),
            graph => graph.TryGetProperty("blocks", out var blocks) && blocks[0].GetProperty("compute_seconds").GetDouble() > 0
        );
        foreach (var count in (string[])["hits", "misses", "loads", "invalid", "evictions", "runs"])
        {
            Assert.Equal(one.GetProperty(count).GetInt64() + two.GetProperty(count).GetInt64(), all.GetProperty(count).GetInt64());
        }

        Assert.True(all.GetProperty("compile_seconds").GetDouble() > 0);
        Assert.All(all.GetProperty("by_graph").EnumerateArray(), graph => Assert.True(graph.GetProperty("peak_bytes").GetInt64() > 0));
        Assert.Matches(@"transformer_block +\d+ +2 ", text.Out); // hits, then the misses of two processes

        Task<CommandLineRun> GenerateAsync() => WithCacheAsync(["generate", "a star", .. Tiny, "-o", _folder["clip.gif"], "--json"]);
    }

    [Fact]
    public async Task Inspect_OfATransformer_SaysWhatOfItIsPrepared()
    {
        var transformer = Path.Combine(AppContext.BaseDirectory, "models", "shapes", "transformer.safetensors");

        var before = await WithCacheAsync("inspect", transformer);
        var run = await WithCacheAsync(["generate", "a star", .. Tiny, "--precision", "int8", "-o", _folder["clip.gif"]]);
        var after = await WithCacheAsync("inspect", transformer);

        Assert.Contains("prepared: nothing", before.Out, StringComparison.Ordinal);
        Assert.Contains("8 blocks", run.Error, StringComparison.Ordinal); // the load stage's progress
        Assert.Contains("settings: shapes, ", run.Error, StringComparison.Ordinal);
        Assert.Contains(" sampler unipc, shift 3, guidance ", run.Error, StringComparison.Ordinal); // the model's defaults
        Assert.Contains("prepared: int8 of 8 of 8 blocks, ", after.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Inspect_PrintsTheCommandThatMakesTheSameClipAgain()
    {
        var generated = await RunAsync(["generate", .. Tiny, "-o", _folder["first.gif"], "--", "-a star that isn't red"]);
        Assert.Equal(ExitCode.Done, generated.ExitCode);

        var inspected = await RunAsync(["inspect", _folder["first.gif"]]);

        var command = inspected.Out.ReplaceLineEndings("\n").TrimEnd('\n').Split('\n')[^1];
        Assert.Equal(
            @"wan generate --negative '' --size 32x32 --frames 5 --fps 8 --steps 2 --sampler unipc --shift 3 "
                + @"--guidance 4 --seed 0 --model shapes -o again.gif -- '-a star that isn'\''t red'",
            command
        );
        await RunAsync(["generate", .. Tiny, "-o", _folder["again.gif"], "--seed", "0", "--", "-a star that isn't red"]);
        Assert.Equal(File.ReadAllBytes(_folder["first.gif"]), File.ReadAllBytes(_folder["again.gif"]));
    }

    [Fact]
    public async Task Inspect_OfAPicture_TellsASequenceFromAContactSheet()
    {
        Assert.Equal(ExitCode.Done, (await RunAsync(["generate", "a star", .. Quick, "-o", _folder["frames/"]])).ExitCode);
        Assert.Equal(ExitCode.Done, (await RunAsync(["generate", "a star", .. Quick, "-o", _folder["sheet.png"]])).ExitCode);

        Assert.EndsWith("-o again/", (await RunAsync(["inspect", _folder["frames/0001.png"]])).Out.TrimEnd(), StringComparison.Ordinal);
        Assert.EndsWith("-o again.png", (await RunAsync(["inspect", _folder["sheet.png"]])).Out.TrimEnd(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Generate_WithImages_KeepsThemAndSaysSo()
    {
        var sheet = _folder["sheet.png"];
        Assert.Equal(ExitCode.Done, (await RunAsync(["generate", "a red circle", .. Quick, "-o", sheet])).ExitCode);

        var run = await RunAsync([
            "generate",
            "a red circle",
            .. Quick,
            "--image",
            sheet,
            "--last-image",
            sheet,
            "-o",
            _folder["clip.webm"],
            "--json",
        ]);

        using var report = OneLineOfJson(run.Out);
        Assert.Equal(
            [0, 1],
            report
                .RootElement.GetProperty("settings")
                .GetProperty("images")
                .EnumerateArray()
                .Select(image => image.GetProperty("latent_frame").GetInt32())
        );
        var twice = await RunAsync([
            "generate",
            "a red circle",
            .. Quick,
            "--image",
            sheet,
            "--frame-image",
            $"0={sheet}",
            "-o",
            _folder["twice.mp4"],
        ]);
        twice.AssertFailed(ExitCode.WrongUsage, "Two images were given for latent frame 0");
        var beyond = await RunAsync(["generate", "a red circle", .. Quick, "--frame-image", $"2={sheet}", "-o", _folder["beyond.mp4"]]);
        beyond.AssertFailed(ExitCode.WrongUsage, "give 0 to 1, or -1 for the last");
    }

    [Fact]
    public async Task Generate_WithARandomSeed_NamesTheSeedThatItTook()
    {
        var run = await RunAsync(["generate", "a red circle", .. Quick, "--seed", "random", "-o", _folder["clip.mp4"], "--json"]);

        using var report = OneLineOfJson(run.Out);
        Assert.True(report.RootElement.GetProperty("settings").GetProperty("seed").TryGetUInt32(out _));
    }

    [Fact]
    public async Task Providers_ListTheCpu()
    {
        var json = await RunAsync(["providers", "--json"]);
        var text = await RunAsync(["providers"]);

        using var report = OneLineOfJson(json.Out);
        Assert.Contains(
            "cpu",
            report
                .RootElement.GetProperty("providers")
                .EnumerateArray()
                .Where(provider => provider.GetProperty("there").GetBoolean())
                .Select(provider => provider.GetProperty("name").GetString())
        );
        Assert.Contains(
            $"--provider auto (the default) chooses {report.RootElement.GetProperty("auto").GetString()}",
            text.Out,
            StringComparison.Ordinal
        );
        Assert.Contains("wan providers install cuda", text.Out, StringComparison.Ordinal);
        Assert.Contains("WAN_ONNXRUNTIME", text.Out, StringComparison.Ordinal);
    }

    /// <summary>One command ends the library's environment while another makes it.</summary>
    [Fact]
    public async Task Commands_ManyAtATime_DoNotDisturbEachOther()
    {
        var runs = await Task.WhenAll(Enumerable.Range(0, 60).Select(_ => Task.Run(() => RunAsync(["providers"]))));

        Assert.All(runs, run => Assert.Equal("", run.Error));
    }

    [Fact]
    public async Task Selftest_AsJson_PrintsALineForEachFixture()
    {
        var fixtures = Path.Combine(AppContext.BaseDirectory, "fixtures");
        Directory.CreateDirectory(_folder["tokenizer"]);
        foreach (var file in Directory.EnumerateFiles(Path.Combine(fixtures, "tokenizer")))
        {
            File.Copy(file, Path.Combine(_folder["tokenizer"], Path.GetFileName(file)));
        }

        Directory.CreateDirectory(_folder["broken"]);
        _folder.Write("broken/config.json", "{");
        Directory.CreateDirectory(_folder["future"]);
        _folder.Write("future/config.json", """{"fixture":"hologram"}""");

        var run = await RunAsync(["selftest", "--fixtures", _folder.Path, "--json"]);

        var results = run
            .Out.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonDocument.Parse(line).RootElement)
            .ToList();
        Assert.Equal(
            ["broken fail", "future skipped", "tokenizer pass"],
            results.Select(result => $"{result.GetProperty("name")} {result.GetProperty("result")}")
        );
        Assert.Equal(ExitCode.Failed, run.ExitCode);
    }

    [Fact]
    public async Task ModelsListAndInspect_SayWhatCheckpointsAre()
    {
        var shapes = Path.Combine(AppContext.BaseDirectory, "models", "shapes");
        File.WriteAllText(_folder["broken.gguf"], "GGUF");
        File.Copy(Path.Combine(shapes, "vae.safetensors"), _folder["vae.safetensors"]);
        File.Copy(Path.Combine(shapes, "text_encoder.safetensors"), _folder["text.sft"]);

        var list = await RunAsync(["models", "list", _folder.Path]);
        using var json = OneLineOfJson((await RunAsync(["models", "list", _folder.Path, "--json"])).Out);
        var inspected = await RunAsync(["inspect", _folder["vae.safetensors"]]);

        Assert.Contains("umT5 text encoder, 3 layers of 128", list.Out, StringComparison.Ordinal);
        Assert.Contains("Wan 2.1 VAE, 16 latent channels", list.Out, StringComparison.Ordinal);
        Assert.Contains("cannot be used: ", list.Out, StringComparison.Ordinal);
        Assert.Equal(
            ["broken.gguf", "text.sft", "vae.safetensors"],
            json.RootElement.EnumerateArray().Select(file => Path.GetFileName(file.GetProperty("path").GetString()))
        );
        Assert.Contains("16 latent channels", inspected.Out, StringComparison.Ordinal);
        (await RunAsync(["inspect", _folder["broken.gguf"]])).AssertFailed(ExitCode.Failed, "broken.gguf");
        (await RunAsync(["models", "list", _folder["nowhere"]])).AssertFailed(ExitCode.Failed, "there is no such folder");
    }

    [Fact]
    public async Task Version_IsPrinted() => Assert.Matches(@"^\d+\.\d+\.\d+", (await RunAsync(["--version"])).Out);

    public void Dispose() => _folder.Dispose();

    private static JsonDocument OneLineOfJson(string text)
    {
        Assert.Single(text.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        return JsonDocument.Parse(text);
    }

    private static Task<CommandLineRun> RunAsync(string[] args, string input = "") =>
        CommandLineRun.RunAsync(args, input, cancellationToken: TestContext.Current.CancellationToken);

    private Task<CommandLineRun> WithCacheAsync(params string[] args) =>
        CommandLineRun.RunAsync(
            args,
            variables: new Dictionary<string, string>
            {
                ["WAN_CACHE"] = _folder["cache"],
                ["PATH"] = Environment.GetEnvironmentVariable("PATH")!,
            },
            cancellationToken: TestContext.Current.CancellationToken
        );
}
