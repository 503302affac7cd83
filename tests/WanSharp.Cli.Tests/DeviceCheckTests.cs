using System.Text.Json.Nodes;
using WanSharp.Testing;

namespace WanSharp.Cli.Tests;

/// <summary>The check that runs on a machine with a GPU, here on the processor with small shapes: tests/tools/device_check.sh.</summary>
public sealed class DeviceCheckTests : IDisposable
{
    private static readonly string[] QuickFixtures = ["dit-t2v", "schedulers"];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>Scripts read the report: its members are listed, and a change of them is a change of the listing.</summary>
    [Fact]
    public async Task Run_OnTheProcessor_WritesAReportOfTheListedForm()
    {
        foreach (var name in QuickFixtures)
        {
            Directory.CreateDirectory(_folder[$"fixtures/{name}"]);
            foreach (var file in Directory.EnumerateFiles(RepositoryFiles.Find($"tests/fixtures/{name}")))
            {
                File.Copy(file, _folder[$"fixtures/{name}/{Path.GetFileName(file)}"]);
            }
        }

        string[] small = ["--small", "--no-peer", "--provider", "cpu", "--fixtures", _folder["fixtures"], "--program", ProcessRun.Wan];
        var run = await CheckAsync(["run", _folder["out"], .. small]);

        Assert.True(run.ExitCode == 0, $"{run.Out}\n{run.Error}");
        var report = JsonNode.Parse(await File.ReadAllTextAsync(_folder["out/device-check.json"], Token))!;
        report["machine"]!.AsObject().Remove("nvidia"); // what this machine has
        Assert.Equal(
            await File.ReadAllLinesAsync(RepositoryFiles.Find("tests/data/outputs/device-check.txt"), Token),
            Members(report, "").Distinct().Order(StringComparer.Ordinal)
        );
        var cpu = report["providers"]!.AsArray().Single()!;
        Assert.Equal((2, 0), (cpu["selftest"]!["passed"]!.GetValue<int>(), cpu["selftest"]!["failed"]!.GetValue<int>()));
        var frames = Directory.GetFiles(Path.Combine(_folder["out"], cpu["clip"]!["folder"]!.GetValue<string>()), "*.png");
        Assert.Equal(cpu["clip"]!["frames"]!.GetValue<int>(), frames.Length);
        Assert.All(cpu["bench"]!.AsArray(), row => Assert.True(row!["seconds"]!.GetValue<double>() > 0, $"{row}"));
        Assert.Equal(2, cpu["streamed"]!["resident_blocks"]!.GetValue<int>());
        Assert.Equal(await File.ReadAllTextAsync(_folder["out/device-check.txt"], Token), run.Out);
    }

    [Fact]
    public async Task Unpack_OfPieces_PutsThemTogether_UnlessOneIsDamaged()
    {
        var content = new byte[3000];
        new Random(1).NextBytes(content);
        Directory.CreateDirectory(_folder["program"]);
        await File.WriteAllBytesAsync(_folder["program/library"], content, Token);
        Assert.Equal(0, (await CheckAsync(["pack", _folder["pieces"], _folder["program"]])).ExitCode);
        var pieces = Directory.GetFiles(_folder["pieces"], "piece.0*").Order(StringComparer.Ordinal).ToList();
        Assert.InRange(pieces.Count, 3, 6);
        Assert.All(pieces, piece => Assert.InRange(new FileInfo(piece).Length, 1, 1000));

        Assert.Equal(0, (await CheckAsync(["unpack", _folder["pieces"], _folder["there"]])).ExitCode);
        Assert.Equal(content, await File.ReadAllBytesAsync(_folder["there/program/library"], Token));

        File.Delete(pieces[1]);
        var run = await CheckAsync(["unpack", _folder["pieces"], _folder["elsewhere"]]);
        Assert.Equal(2, run.ExitCode);
        Assert.Contains("are damaged, or some are missing", run.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder["elsewhere"]));
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static Task<ProcessRun> CheckAsync(string[] arguments)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && File.Exists("/usr/bin/python3"), "It takes a shell of Linux and /usr/bin/python3.");
        Dictionary<string, string?> variables = new() { ["WAN_PYTHON"] = "/usr/bin/python3", ["WAN_PIECE"] = "1000" };
        return ProcessRun.RunAsync("/bin/bash", [RepositoryFiles.Find("tests/tools/device_check.sh"), .. arguments], variables);
    }

    /// <summary>"providers[].clip.frames: Number" for each value.</summary>
    private static IEnumerable<string> Members(JsonNode? node, string path) =>
        node switch
        {
            JsonObject members => members.SelectMany(member => Members(member.Value, $"{path}.{member.Key}")),
            JsonArray items => items.SelectMany(item => Members(item, $"{path}[]")).DefaultIfEmpty($"{path.TrimStart('.')}: empty"),
            _ => [$"{path.TrimStart('.')}: {(node is null ? "nothing" : node.GetValueKind())}"],
        };
}
