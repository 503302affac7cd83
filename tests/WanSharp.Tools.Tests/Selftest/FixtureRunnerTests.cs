using WanSharp.Runtime;
using WanSharp.Tensors;
using WanSharp.Testing;
using WanSharp.Tools.Selftest;

namespace WanSharp.Tools.Tests.Selftest;

public sealed class FixtureRunnerTests(TinyEngine engine) : IDisposable
{
    private const string Trajectory = "unipc.s4.h5.x";

    private readonly TemporaryFolder _folder = new();

    [Fact]
    public async Task Run_OfTheShippedFixtures_PassesAll()
    {
        var results = await RunAsync(Path.Combine(AppContext.BaseDirectory, "fixtures"));

        Assert.All(results, result => Assert.True(result.Passed, $"{result.Name}: {result.Problem} {result.Worst}"));
        Assert.Superset(
            new HashSet<string> { "dit-t2v", "dit-ti2v", "umt5", "vae21", "schedulers", "tokenizer", "pipeline-t2v" },
            results.Select(result => result.Name).ToHashSet()
        );
    }

    [Theory]
    [InlineData(1f)]
    [InlineData(float.NaN)]
    public async Task Run_OfAFixtureWithAWrongValue_FailsAndNamesTheTensor(float wrong)
    {
        CopySchedulers(values => values[^1] += wrong);

        var result = Assert.Single(await RunAsync(_folder.Path));

        Assert.False(result.Passed);
        Assert.False(result.Skipped);
        Assert.Null(result.Problem);
        Assert.Equal(Trajectory, result.Worst?.Name);
    }

    [Fact]
    public async Task Run_OfSeveralFixtures_LetsABrokenOneFailAlone()
    {
        CopySchedulers(_ => { });
        Write("broken", "{");
        Write("empty", "[]");
        Write("future", """{"fixture":"hologram"}""");
        Write("hostile-schedulers", """{"fixture":"schedulers","steps":[99999],"shifts":[1]}""");
        Write("hostile-tokenizer", """{"fixture":"tokenizer"}""");
        await File.WriteAllTextAsync(_folder["hostile-tokenizer/spiece.model"], "text", TestContext.Current.CancellationToken);
        Write("hostile-umt5", """{"fixture":"umt5","model":{"vocab":null}}""");

        var results = await RunAsync(_folder.Path);

        Assert.Equal(
            [
                "broken False False",
                "empty False False",
                "future False True",
                "hostile-schedulers False False",
                "hostile-tokenizer False False",
                "hostile-umt5 False False",
                "schedulers True False",
            ],
            results.Select(result => $"{result.Name} {result.Passed} {result.Skipped}")
        );
        Assert.All(results.Where(result => !result.Passed), result => Assert.NotEmpty(result.Problem!));
    }

    [Fact]
    public async Task Run_Cancelled_Stops() =>
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            CopySchedulers(_ => { });
            await FixtureRunner
                .RunAsync(_folder.Path, engine.Runtime, new SessionSettings(), new CancellationToken(canceled: true))
                .ToListAsync(CancellationToken.None);
        });

    public void Dispose() => _folder.Dispose();

    private ValueTask<List<FixtureResult>> RunAsync(string folder) =>
        FixtureRunner
            .RunAsync(folder, engine.Runtime, new SessionSettings(), TestContext.Current.CancellationToken)
            .ToListAsync(TestContext.Current.CancellationToken);

    private void Write(string name, string config)
    {
        Directory.CreateDirectory(_folder[name]);
        File.WriteAllText(_folder[$"{name}/config.json"], config);
    }

    /// <summary>The fixture "schedulers", with an edit of one trajectory.</summary>
    private void CopySchedulers(Action<float[]> edit)
    {
        var source = Path.Combine(AppContext.BaseDirectory, "fixtures", "schedulers");
        Write("schedulers", File.ReadAllText(Path.Combine(source, "config.json")));
        using var io = SafetensorsFile.Open(Path.Combine(source, "io.safetensors"));
        var tensors = io.Tensors.ToDictionary();
        var values = tensors[Trajectory].Read<float>().ToArray();
        edit(values);
        using var edited = Tensor.CopyOf<float>(tensors[Trajectory].Shape, values);
        tensors[Trajectory] = edited;
        SafetensorsWriter.Write(_folder["schedulers/io.safetensors"], tensors);
    }
}
