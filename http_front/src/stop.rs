//! Being asked to stop: SIGTERM or SIGINT.

use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
};

/// Says whether the process is asked to stop, and wakes who waits for that.
#[derive(Debug, Clone)]
pub struct Stop(watch::Receiver<bool>);

impl Stop {
    /// Listens for signals from now on. A second one ends the process at once.
    pub fn on_signal() -> std::io::Result<Self> {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let (sender, receiver) = watch::channel(false);
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = interrupt.recv() => {}
                }
                if sender.send_replace(true) {
                    std::process::exit(1);
                }
                tracing::info!("asked to stop");
            }
        });
        Ok(Self(receiver))
    }

    /// One that is asked to stop when `true` is sent.
    #[cfg(test)]
    pub fn by_hand() -> (watch::Sender<bool>, Self) {
        let (sender, receiver) = watch::channel(false);
        (sender, Self(receiver))
    }

    /// Whether it was asked to stop.
    pub fn is_asked(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until it is. For ever, where nobody can ask any more.
    pub async fn asked(&self) {
        if self.0.clone().wait_for(|asked| *asked).await.is_err() {
            std::future::pending().await
        }
    }
}
