//! stub
pub struct Contract;
impl Contract {
    pub fn load() -> Result<Self, String> {
        Ok(Self)
    }
    pub fn check_answer(
        &self,
        _: &str,
        _: &str,
        _: u16,
        _: Option<&serde_json::Value>,
    ) -> Result<(), String> {
        Ok(())
    }
    pub fn check_event(&self, _: &serde_json::Value) -> Result<(), String> {
        Ok(())
    }
}
