using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using WanSharp.Hosting;
using WanSharp.Server.Http;
using WanSharp.Server.Security;
using WanSharp.Tools.Doctor;

namespace WanSharp.Server.Page;

/// <summary>What <c>wan doctor</c> says of the machine, for the page.</summary>
internal sealed class DoctorRoutes(WanHost host) : IRoutes
{
    private readonly Lock _gate = new();
    private Task<IReadOnlyList<Finding>>? _looking;

    /// <inheritdoc/>
    public void Map(IEndpointRouteBuilder routes) =>
        routes
            .MapPost("/v1/system/doctor", LookAsync)
            .WithMetadata(new Needs(KeyScope.Admin))
            .Describe("Looks at the machine, as wan doctor does.", PageJson.Readable.FindingList);

    private async Task LookAsync(HttpContext context)
    {
        var findings = await FindAsync().WaitAsync(context.RequestAborted).ConfigureAwait(false);
        await context
            .SendAsync(
                new FindingList([
                    .. findings.Select(one => new FindingObject(
                        one.Topic,
                        one.Severity.ToString().ToLowerInvariant(),
                        one.Says,
                        one.Command
                    )),
                ]),
                PageJson.Readable.FindingList
            )
            .ConfigureAwait(false);
    }

    /// <summary>It writes a file and tries encoders: whoever asks meanwhile shares what is found.</summary>
    private Task<IReadOnlyList<Finding>> FindAsync()
    {
        lock (_gate)
        {
            return _looking is { IsCompleted: false } now
                ? now
                : _looking = Task.Run(() => new Checkup(host).LookAtMachineAsync(CancellationToken.None));
        }
    }
}
