using WanSharp.Graphs;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Runtime.Tests;

[NoLiveObjects]
[Collection("native objects")]
public sealed class CancellationTests(RuntimeFixture fixture) : IDisposable
{
    private static readonly TimeSpan WellAfterTheStart = TimeSpan.FromMilliseconds(20);
    private const int NodesThatTakeLongToCompile = 3000;

    // Two hours of nodes: a run that a cancellation does not end, ends no test.
    private readonly Tensor _forever = Tensor.CopyOf<long>([], [10_000_000_000]);
    private readonly Tensor _twice = Tensor.CopyOf<long>([], [2]);
    private readonly Tensor _x = Tensor.CopyOf<float>([2], [1, 2]);

    [Fact]
    public void Run_CancelledBefore_DoesNotRun()
    {
        using var session = fixture.Compile("loop");
        using var run = session.Prepare();
        run.SetInput("x", _x);
        run.SetInput("count", _forever);

        Assert.Throws<OperationCanceledException>(() => run.Run(new CancellationToken(canceled: true)));
    }

    [Fact]
    public void Run_CancelledInTheMiddle_EndsAndCanRunAgain()
    {
        using var session = fixture.Compile("loop");
        using var run = session.Prepare();
        run.SetInput("x", _x);
        run.SetInput("count", _forever);
        using var cancellation = new CancellationTokenSource(WellAfterTheStart);

        var error = Assert.Throws<OperationCanceledException>(() => run.Run(cancellation.Token));
        Assert.Equal(cancellation.Token, error.CancellationToken);

        run.SetInput("count", _twice);
        using var result = run.Run();
        Assert.Equal([4, 8], result["y"].AsTensor().Read<float>());
    }

    [Fact]
    public async Task Run_OfAnotherCaller_GoesOnWhenOneIsCancelled()
    {
        using var session = fixture.Compile("loop");
        using var forever = session.Prepare();
        forever.SetInput("x", _x);
        forever.SetInput("count", _forever);
        using var cancellation = new CancellationTokenSource();

        var endless = Task.Run(() => forever.Run(cancellation.Token), TestContext.Current.CancellationToken);
        using var short_ = session.Prepare();
        short_.SetInput("x", _x);
        short_.SetInput("count", _twice);
        using var result = short_.Run();
        await cancellation.CancelAsync();

        Assert.Equal([4, 8], result["y"].AsTensor().Read<float>());
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => endless);
    }

    [Fact]
    public void CreateSession_CancelledBefore_DoesNotCompile() =>
        Assert.Throws<OperationCanceledException>(() =>
            fixture.Runtime.CreateSession(RuntimeFixture.Model("scale"), new SessionSettings(), new CancellationToken(canceled: true))
        );

    [Fact]
    public void CreateSession_CancelledInTheMiddle_EndsWithoutASession()
    {
        var nodes = NodesThatTakeLongToCompile;
        while (!IsCancelledInTheMiddle(nodes))
        {
            Assert.True(nodes < 64 * NodesThatTakeLongToCompile, "It was never cancelled.");
            nodes *= 2; // it was compiled before the other thread woke
        }
    }

    private bool IsCancelledInTheMiddle(int nodes)
    {
        var builder = new GraphBuilder("long", new GraphOptions());
        var sum = builder.Input("x", DType.F32, ["n"]);
        for (var i = 0; i < nodes; i++)
        {
            sum += sum;
        }

        builder.Output("y", sum);
        var model = builder.Build().ToBytes();
        using var cancellation = new CancellationTokenSource();
        var canceller = new Thread(() => // a thread of its own: the pool's may all be busy with other tests until the graph is compiled
        {
            cancellation.Token.WaitHandle.WaitOne(WellAfterTheStart);
            cancellation.Cancel();
        });
        canceller.Start();

        var thrown = Record.Exception(() => fixture.Runtime.CreateSession(model, new SessionSettings(), cancellation.Token).Dispose());

        canceller.Join();
        Assert.True(thrown is null or OperationCanceledException, $"{thrown}");
        return thrown is not null;
    }

    public void Dispose()
    {
        _forever.Dispose();
        _twice.Dispose();
        _x.Dispose();
    }
}
