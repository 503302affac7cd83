using System.Text.Json;
using WanSharp.Testing;

namespace WanSharp.Cli.Tests;

/// <summary><c>wan doctor</c> on machines, models and clips that were made to have a trouble.</summary>
public sealed class DoctorCommandTests : IAsyncLifetime
{
    private const UnixFileMode Executable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly TemporaryFolder _folder = new();
    private readonly MeasuredMachine _machine;
    private readonly Dictionary<string, string> _variables;

    public DoctorCommandTests(MeasuredMachine machine)
    {
        _machine = machine;
        _variables = new Dictionary<string, string>
        {
            ["WAN_CACHE"] = _folder["cache"],
            ["XDG_CONFIG_HOME"] = _folder["config"],
            ["LC_ALL"] = "C.UTF-8",
            ["PATH"] = "",
        };
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync()
    {
        _machine.PlaceIn(_folder["cache"]);
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync()
    {
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Doctor_OfAMachineWithTroubles_NamesEach()
    {
        File.WriteAllText(_folder["file"], "not a folder");
        Directory.CreateDirectory(_folder["config/wansharp"]);
        File.WriteAllText(_folder["config/wansharp/presets.json"], "{");
        _variables["WAN_CACHE"] = _folder["file/cache"];
        _variables["WAN_ONNXRUNTIME"] = _folder["none.so"];
        _variables["LC_ALL"] = "C";

        var (exitCode, findings) = await DoctorAsync();

        Assert.Equal(1, exitCode);
        Assert.Equal("export WAN_CACHE=/a/folder/that/can/be/written", findings["disk"].Command);
        Assert.Equal("unset WAN_ONNXRUNTIME", findings["library"].Command);
        Assert.Equal("wan providers install ffmpeg", findings["ffmpeg"].Command);
        Assert.Equal("export LC_ALL=C.UTF-8", findings["text"].Command);
        Assert.Equal("problem", findings["presets"].Severity);
    }

    [Fact]
    public async Task Doctor_WithAnFfmpegThatWritesNothing_SaysWhichFormatsAreLost()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The program is a script of Unix's.");
        var ffmpeg = _folder["ffmpeg"];
        File.WriteAllText(ffmpeg, "#!/bin/sh\necho 'Unknown encoder libx264' >&2\nexit 1\n");
        File.SetUnixFileMode(ffmpeg, Executable);
        _variables["WAN_FFMPEG"] = ffmpeg;

        var (exitCode, findings) = await DoctorAsync();

        Assert.Equal(0, exitCode);
        Assert.Contains("cannot write .gif", findings["ffmpeg"].Says, StringComparison.Ordinal);
        Assert.Equal("wan providers install ffmpeg", findings["ffmpeg"].Command);
    }

    [Fact]
    public async Task Doctor_OfAModelThatIsCutOff_SaysSo()
    {
        var model = CopyOfShapes();
        using (var file = File.OpenWrite(Path.Combine(model, "transformer.safetensors")))
        {
            file.SetLength(file.Length / 2);
        }

        var (exitCode, findings) = await DoctorAsync("--model", model);

        Assert.Equal(1, exitCode);
        var cut = Path.Combine(model, "transformer.safetensors");
        Assert.Equal(("problem", $"wan inspect {cut}"), (findings["model"].Severity, findings["model"].Command));
    }

    /// <summary>Whatever keeps it from looking at a model is found, next to all else.</summary>
    [Theory]
    [InlineData("presets", "model")]
    [InlineData("library", "library")]
    [InlineData("memory", "memory")]
    public async Task Doctor_OfAModelOnAMachineWithATrouble_FindsIt(string trouble, string topic)
    {
        string[] args = ["--model", "shapes"];
        if (trouble == "presets")
        {
            Directory.CreateDirectory(_folder["config/wansharp"]);
            File.WriteAllText(_folder["config/wansharp/presets.json"], "{");
        }
        else if (trouble == "library")
        {
            _variables["WAN_ONNXRUNTIME"] = _folder["none.so"];
        }
        else
        {
            args = [.. args, "--memory", "1MB"];
        }

        var (exitCode, findings) = await DoctorAsync(args);

        Assert.Equal(1, exitCode);
        Assert.Equal("problem", findings[topic].Severity);
        Assert.Contains("disk", findings);
    }

    [Fact]
    public async Task Doctor_OfAModelWithoutItsVae_SaysWhatIsMissing()
    {
        var model = CopyOfShapes();
        File.Delete(Path.Combine(model, "vae.safetensors"));

        var (exitCode, findings) = await DoctorAsync("--model", model);

        Assert.Equal(1, exitCode);
        Assert.Contains("vae.safetensors", findings["model"].Says, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Doctor_OfAClip_NamesItsApproximations()
    {
        var clip = _folder["clip.webp"];
        string[] settings = ["--steps", "4", "--frames", "1", "--step-cache", "easy:0.5,1", "--precision", "int8"];
        var made = await CommandLineRun.RunAsync(
            ["generate", "a red circle", .. settings, "-o", clip],
            variables: _variables,
            cancellationToken: Cancellation
        );
        Assert.True(made.ExitCode == 0, made.Error);

        var run = await RunAsync(clip);

        Assert.Contains("steps were estimated (easy:0.5", run.Out, StringComparison.Ordinal);
        Assert.Contains("8-bit integers", run.Out, StringComparison.Ordinal);
        Assert.Contains("it has 4 steps", run.Out, StringComparison.Ordinal);
    }

    private async Task<(int ExitCode, Dictionary<string, (string Severity, string Says, string? Command)> Findings)> DoctorAsync(
        params string[] args
    )
    {
        var run = await RunAsync([.. args, "--json"]);
        Assert.True(run.Out.Length > 0, run.Error);
        using var json = JsonDocument.Parse(run.Out);
        var findings = new Dictionary<string, (string, string, string?)>();
        foreach (var finding in json.RootElement.GetProperty("findings").EnumerateArray())
        {
            findings[Text("topic")!] = (Text("severity")!, Text("says")!, Text("command")); // the last of a topic

            string? Text(string name) => finding.GetProperty(name).GetString();
        }

        return (run.ExitCode, findings);
    }

    private Task<CommandLineRun> RunAsync(params string[] args) =>
        CommandLineRun.RunAsync(["doctor", .. args], variables: _variables, cancellationToken: Cancellation);

    private string CopyOfShapes()
    {
        var (source, target) = (Path.Combine(AppContext.BaseDirectory, "models", "shapes"), _folder["model"]);
        Directory.CreateDirectory(target);
        foreach (var file in Directory.EnumerateFiles(source))
        {
            File.Copy(file, Path.Combine(target, Path.GetFileName(file)));
        }

        return target;
    }
}
