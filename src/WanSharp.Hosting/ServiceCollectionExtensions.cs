using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using WanSharp.Engine;
using WanSharp.Runtime;

namespace WanSharp.Hosting;

/// <summary>Adds WanSharp to a program's services.</summary>
public static class ServiceCollectionExtensions
{
    /// <summary>
    /// Adds <see cref="WanHost"/>, <see cref="EngineHost"/> and <see cref="IVideoGenerator"/> as singletons. The model opens when the
    /// generator is first asked for; what ONNX Runtime says goes to the program's log.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="settings">The model, and what computes it. Default: the default model on the fastest provider.</param>
    /// <param name="options">Where things are. Default: what the environment variables say.</param>
    public static IServiceCollection AddWanSharp(
        this IServiceCollection services,
        EngineSettings? settings = null,
        HostOptions? options = null
    )
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddSingleton(provider => new WanHost(WithLog(options ?? HostOptions.FromEnvironment(), provider)));
        services.AddSingleton(provider => EngineHost.Open(provider.GetRequiredService<WanHost>(), settings));
        services.AddSingleton(provider => provider.GetRequiredService<EngineHost>().Generator);
        return services;
    }

    private static void Log(ILogger logger, OrtLogMessage message)
    {
        var level = HostLog.LevelOf(message.Level);
        if (logger.IsEnabled(level))
        {
            HostLog.Runtime(logger, level, message.Source, message.Text);
        }
    }

    private static HostOptions WithLog(HostOptions options, IServiceProvider services)
    {
        var factory = services.GetService<ILoggerFactory>() ?? NullLoggerFactory.Instance;
        var (host, runtime) = (factory.CreateLogger("WanSharp"), factory.CreateLogger("WanSharp.OnnxRuntime"));
        return options with
        {
            Notice = options.Notice ?? (notice => HostLog.Notice(host, notice)),
            RuntimeLog = options.RuntimeLog ?? (message => Log(runtime, message)),
        };
    }
}
